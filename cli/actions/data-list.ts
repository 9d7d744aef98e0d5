/** `marina data list`. */
import { datasetNames, type EngineOptions, findManifest, table, withEngine } from "../../client/index.ts";
import { bytes } from "../../shared/base/index.ts";
import type { Manifest } from "../../shared/data/index.ts";
import { dataFigures } from "../output/data-set.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { onOutput } from "../output/terminal.ts";

export async function list(options: EngineOptions & PrintOptions): Promise<void> {
  const manifests = await withEngine(options, async ({ live }) =>
    Promise.all((await datasetNames(live)).map((name) => findManifest(live, name))),
  );
  print(options, { data: manifests.map(dataFigures) }, () =>
    manifests.length === 0
      ? "no data sets yet; import one with: marina data import FILE --name NAME"
      : dataTable(manifests),
  );
}

function dataTable(manifests: readonly Manifest[]): string {
  const columns = [
    ["name", "left"],
    ["rows", "right"],
    ["d", "right", 1],
    ["non-zeros", "right", 3],
    ["labels", "left", 2],
    ["stored", "right", 4],
  ] as const;
  const rows = manifests.map((m) => [
    m.name,
    m.rows.toLocaleString("en-US"),
    m.featureCount.toLocaleString("en-US"),
    m.nonZeros.toLocaleString("en-US"),
    m.labels.kind === "classes" ? `${m.labels.names.length} classes` : m.labels.kind,
    bytes(m.object.bytes),
  ]);
  return table(columns, rows, onOutput());
}
