/** `marina data list`. */
import { datasetNames, type EngineOptions, findManifest, table, withEngine } from "../../client/index.ts";
import { bytes } from "../../shared/base/index.ts";

export async function list(options: EngineOptions): Promise<void> {
  const manifests = await withEngine(options, async ({ live }) =>
    Promise.all((await datasetNames(live)).map((name) => findManifest(live, name))),
  );
  if (manifests.length === 0) {
    console.log("no data sets yet; import one with: marina data import FILE --name NAME");
    return;
  }
  const columns = [
    ["name", "left"],
    ["rows", "right"],
    ["d", "right"],
    ["non-zeros", "right"],
    ["labels", "left"],
    ["stored", "right"],
  ] as const;
  const rows = manifests.map((m) => [
    m.name,
    m.rows.toLocaleString("en-US"),
    m.featureCount.toLocaleString("en-US"),
    m.nonZeros.toLocaleString("en-US"),
    m.labels.kind === "classes" ? `${m.labels.names.length} classes` : m.labels.kind,
    bytes(m.object.bytes),
  ]);
  console.log(table(columns, rows));
}
