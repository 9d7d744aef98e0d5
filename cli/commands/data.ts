/** `marina data import | list | show`. */
import {
  datasetNames,
  type EngineOptions,
  fileImport,
  findManifest,
  type ImportFileOptions,
  type ImportFileProgress,
  readingWords,
  table,
  withEngine,
} from "../../client/index.ts";
import { bytes, seconds, shellWord } from "../../shared/base/index.ts";
import { type Manifest, partition } from "../../shared/data/index.ts";

type ImportOptions = EngineOptions & Omit<ImportFileOptions, "onProgress">;

export async function importFile(path: string, options: ImportOptions): Promise<void> {
  const { createLogUpdate } = await import("log-update");
  const line = createLogUpdate(process.stderr);
  const started = performance.now();
  let shown = started;
  const onProgress = ({ name, bytesRead, bytes: size, rows }: ImportFileProgress): void => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - shown < 100) return;
    shown = now;
    const share =
      size === undefined || size === 0
        ? ""
        : ` of ${bytes(size)} (${Math.floor((100 * bytesRead) / size)} %)`;
    line(`${name}: ${bytes(bytesRead)}${share}, ${rows.toLocaleString("en-US")} rows`);
  };
  try {
    const importInto = await fileImport(path, { ...options, onProgress });
    const { manifest, sourceName, notices } = await withEngine(options, ({ objects }) => importInto(objects));
    line.clear();
    for (const notice of notices) console.error(`${sourceName}: ${notice}`);
    console.log(`${describe(manifest)}\nimported in ${seconds((performance.now() - started) / 1000)}`);
  } catch (error) {
    line.clear();
    throw error;
  }
}

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
    m.dimension.toLocaleString("en-US"),
    m.nonZeros.toLocaleString("en-US"),
    m.labels.kind,
    bytes(m.object.bytes),
  ]);
  console.log(table(columns, rows));
}

export async function show(
  name: string,
  options: EngineOptions & { readonly workers?: number },
): Promise<void> {
  const manifest = await withEngine(options, async (engine) => {
    const found = await findManifest(engine.live, name);
    console.log(`${describe(found)}\nstored as ${engine.locate(found.object.key)}`);
    return found;
  });
  if (options.workers === undefined) return;
  for (const remainder of ["spread", "drop"] as const) {
    const counts = partition(manifest.rows, options.workers, remainder).map(({ count }) => count);
    const used = counts.reduce((sum, count) => sum + count, 0);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    const each = least === most ? `${least}` : `${least} to ${most}`;
    console.log(
      `${options.workers} workers, remainder ${remainder}: ${each} rows each, ${manifest.rows - used} rows unused`,
    );
  }
}

function describe(manifest: Manifest): string {
  const { labels, reading } = manifest;
  const how = reading === undefined ? [] : readingWords(reading).map(shellWord);
  return [
    `${manifest.name}: ${manifest.rows.toLocaleString("en-US")} rows x ${manifest.dimension.toLocaleString("en-US")}, ${manifest.nonZeros.toLocaleString("en-US")} non-zeros, ${bytes(manifest.object.bytes)}`,
    `labels ${describeLabels(labels)}`,
    `source ${manifest.source.fileName}, ${bytes(manifest.source.bytes)}, SHA-256 ${manifest.source.sha256}`,
    ...(how.length > 0 ? [`read with ${how.join(" ")}`] : []),
  ].join("\n");
}

function describeLabels(labels: Manifest["labels"]): string {
  if (labels.kind === "real") return `real, ${labels.min} to ${labels.max}`;
  const { words, positive, negative, positives, negatives } = labels;
  const rows = (count: number) => `(${count.toLocaleString("en-US")} rows)`;
  return (
    `${words === undefined ? positive : JSON.stringify(words.positive)} -> +1 ${rows(positives)}, ` +
    `${words === undefined ? negative : JSON.stringify(words.negative)} -> -1 ${rows(negatives)}`
  );
}
