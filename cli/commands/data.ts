/** `marina data import | list | show`. */
import {
  configure,
  datasetNames,
  type EngineOptions,
  findManifest,
  type Input,
  inputOf,
  openEngine,
  openSource,
  type ReadingOptions,
  readingOf,
  readingWords,
  remarkOn,
  table,
} from "../../client/index.ts";
import { bytes, MarinaError, seconds, shellWord, short } from "../../shared/base/index.ts";
import type { ObjectFiles } from "../../shared/cloud/aws/index.ts";
import {
  importRows,
  type LabelCounts,
  labelsByWorker,
  type Manifest,
  partition,
  STANDARD_INPUT,
} from "../../shared/data/index.ts";
import { NAME_PATTERN } from "../../shared/protocol/index.ts";

interface ImportOptions extends EngineOptions, ReadingOptions {
  readonly name?: string;
  readonly labels: "binary" | "real";
  readonly replace?: boolean;
}

export async function importFiles(paths: readonly string[], options: ImportOptions): Promise<void> {
  const input = await inputOf(paths, () => openS3(options));
  const name = options.name ?? nameOf(input.name);
  const reading = readingOf(input.files, options);
  const size = sizeOf(input);
  const engine = await openEngine(options);
  const { createLogUpdate } = await import("log-update");
  const line = createLogUpdate(process.stderr);
  const started = performance.now();
  let shown = started;
  try {
    const notices: string[] = [];
    const source = await openSource(input, reading, options.labels);
    const manifest = await importRows(source, {
      name,
      sourceName: input.name,
      labels: options.labels,
      ...(options.dimension === undefined ? {} : { dimension: options.dimension }),
      reading,
      objects: engine.objects,
      replace: options.replace === true,
      onNotice: (notice) => notices.push(notice),
      onProgress({ bytesRead, rows }) {
        const now = performance.now();
        if (!process.stderr.isTTY || now - shown < 100) return;
        shown = now;
        const share =
          size === undefined || size === 0
            ? ""
            : ` of ${bytes(size)} (${Math.floor((100 * bytesRead) / size)} %)`;
        line(`${name}: ${bytes(bytesRead)}${share}, ${rows.toLocaleString("en-US")} rows`);
      },
    });
    line.clear();
    await engine.close();
    for (const notice of notices) console.error(`${input.name}: ${notice}`);
    console.log(`${describe(manifest)}\nimported in ${seconds((performance.now() - started) / 1000)}`);
  } finally {
    line.clear();
  }
}

/** What a data set is called that is given no name: as its file, without its endings. */
function nameOf(sourceName: string): string {
  const name = sourceName
    .replace(/\/$/, "")
    .replace(/^s3:\/\/.*\//i, "")
    .replace(/(\.(gz|zst|zip|svm|libsvm|csv|tsv|txt|data|parquet|pq))+$/i, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|-+$/g, "");
  if (sourceName !== STANDARD_INPUT && NAME_PATTERN.test(name)) return name;
  throw new MarinaError("usage", `${sourceName}: expected --name <name>, what the data set shall be called`);
}

/** S3 as the options and the environment say, whatever engine the data are for. */
async function openS3(options: EngineOptions): Promise<ObjectFiles> {
  configure(options);
  return (await import("../../shared/cloud/aws/index.ts")).createObjectFiles();
}

/** Of all files; undefined where one is a pipe. */
function sizeOf({ files }: Input): number | undefined {
  return files.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  );
}

export async function list(options: EngineOptions): Promise<void> {
  const { objects } = await openEngine(options);
  const manifests = await Promise.all(
    (await datasetNames(objects)).map((name) => findManifest(objects, name)),
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
  const engine = await openEngine(options);
  const manifest = await findManifest(engine.objects, name);
  console.log(`${describe(manifest)}\nstored as ${engine.locate(manifest.object.key)}`);
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
  const workers = await labelsByWorker(engine.objects, manifest, options.workers, "spread");
  console.log(`\n${workersTable(manifest, workers)}`);
  const remark = remarkOn(manifest, workers);
  if (remark !== undefined) console.log(`\n${remark}`);
}

const SHOWN_WORKERS = 100;

/** What each worker sees of the labels. */
function workersTable({ labels }: Manifest, workers: readonly LabelCounts[]): string {
  const binary = labels.kind === "binary";
  const headers = ["worker", "rows", ...(binary ? ["+1", "-1", "share of +1"] : ["mean label"])];
  const rows = workers
    .slice(0, SHOWN_WORKERS)
    .map(({ rows, positives, mean }, worker) => [
      String(worker),
      rows.toLocaleString("en-US"),
      ...(binary
        ? [
            positives.toLocaleString("en-US"),
            (rows - positives).toLocaleString("en-US"),
            `${((100 * positives) / rows).toFixed(1)} %`,
          ]
        : [short(mean)]),
    ]);
  const shown = table(
    headers.map((header) => [header, "right"] as const),
    rows,
  );
  const more = workers.length - SHOWN_WORKERS;
  return more > 0 ? `${shown}\nand ${more.toLocaleString("en-US")} more` : shown;
}

function describe(manifest: Manifest): string {
  const { labels, reading } = manifest;
  const how = reading === undefined ? [] : readingWords(reading).map(shellWord);
  return [
    `${manifest.name}: ${manifest.rows.toLocaleString("en-US")} rows x ${manifest.dimension.toLocaleString("en-US")}, ${manifest.nonZeros.toLocaleString("en-US")} non-zeros, ${bytes(manifest.object.bytes)}`,
    `labels ${describeLabels(labels)}`,
    `source ${manifest.source.fileName}${moreFiles(manifest)}, ${bytes(manifest.source.bytes)}, SHA-256 ${manifest.source.sha256}`,
    ...(how.length > 0 ? [`read with ${how.join(" ")}`] : []),
    ...(manifest.features?.names === undefined ? [] : [`features ${namesOf(manifest.features.names)}`]),
  ].join("\n");
}

const SHOWN_NAMES = 12;

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name));
  const more = names.length - SHOWN_NAMES;
  return shown.join(", ") + (more > 0 ? `, and ${more.toLocaleString("en-US")} more` : "");
}

function moreFiles({ source: { files, fileName } }: Manifest): string {
  if (files === undefined) return "";
  if (fileName.endsWith("/")) return ` of ${files.length} ${files.length === 1 ? "file" : "files"}`;
  return ` and ${files.length - 1} more ${files.length === 2 ? "file" : "files"}`;
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
