/** `marina data import | list | show`. */
import {
  configure,
  datasetNames,
  type EngineOptions,
  fileImport,
  findManifest,
  type ImportFileOptions,
  type ImportFileProgress,
  readingWords,
  remarkOn,
  table,
  withEngine,
} from "../../client/index.ts";
import { bytes, seconds, shellWord, short } from "../../shared/base/index.ts";
import type { ObjectFiles } from "../../shared/cloud/aws/index.ts";
import { type LabelCounts, labelsByWorker, type Manifest, partition } from "../../shared/data/index.ts";

type ImportOptions = EngineOptions & Omit<ImportFileOptions, "onProgress">;

export async function importFiles(paths: readonly string[], options: ImportOptions): Promise<void> {
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
    const importInto = await fileImport(paths, { ...options, onProgress }, () => openS3(options));
    const { manifest, sourceName, notices } = await withEngine(options, ({ objects }) => importInto(objects));
    line.clear();
    for (const notice of notices) console.error(`${sourceName}: ${notice}`);
    console.log(`${describe(manifest)}\nimported in ${seconds((performance.now() - started) / 1000)}`);
  } finally {
    line.clear();
  }
}

/** S3 as the options and the environment say, whatever engine the data are for. */
async function openS3(options: EngineOptions): Promise<ObjectFiles> {
  configure(options);
  return (await import("../../shared/cloud/aws/index.ts")).createObjectFiles();
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
    m.featureCount.toLocaleString("en-US"),
    m.nonZeros.toLocaleString("en-US"),
    m.labels.kind === "classes" ? `${m.labels.names.length} classes` : m.labels.kind,
    bytes(m.object.bytes),
  ]);
  console.log(table(columns, rows));
}

export async function show(
  name: string,
  options: EngineOptions & { readonly workers?: number },
): Promise<void> {
  await withEngine(options, async (engine) => {
    const manifest = await findManifest(engine.live, name);
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
  });
}

const SHOWN_WORKERS = 100;
/** Of classes: a column each. */
const SHOWN_CLASS_COLUMNS = 10;

/** What each worker sees of the labels. */
function workersTable({ labels }: Manifest, workers: readonly LabelCounts[]): string {
  const binary = labels.kind === "binary";
  const classes = labels.kind === "classes" ? labels.names : [];
  const shownClasses = classes.slice(0, SHOWN_CLASS_COLUMNS);
  const otherClasses = classes.length > shownClasses.length ? ["others"] : [];
  const headers = [
    "worker",
    "rows",
    ...(binary ? ["+1", "-1", "share of +1"] : labels.kind === "real" ? ["mean label"] : ["classes"]),
    ...shownClasses,
    ...otherClasses,
  ];
  const rows = workers.slice(0, SHOWN_WORKERS).map(({ rows, positives, mean, classes: counts }, worker) => {
    const own = [String(worker), rows.toLocaleString("en-US")];
    if (binary) {
      const share = `${((100 * positives) / rows).toFixed(1)} %`;
      return [...own, positives.toLocaleString("en-US"), (rows - positives).toLocaleString("en-US"), share];
    }
    if (labels.kind === "real") return [...own, short(mean)];
    const rest = counts.slice(shownClasses.length).reduce((sum, count) => sum + count, 0);
    return [
      ...own,
      String(counts.filter((count) => count > 0).length),
      ...counts.slice(0, shownClasses.length).map((count) => count.toLocaleString("en-US")),
      ...(otherClasses.length > 0 ? [rest.toLocaleString("en-US")] : []),
    ];
  });
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
    `${manifest.name}: ${manifest.rows.toLocaleString("en-US")} rows x ${manifest.featureCount.toLocaleString("en-US")}, ${manifest.nonZeros.toLocaleString("en-US")} non-zeros, ${bytes(manifest.object.bytes)}`,
    ...(manifest.dense === undefined ? [] : [describeRows(manifest.dense, manifest.groups)]),
    `labels ${describeLabels(labels)}`,
    `source ${manifest.source.fileName}${moreFiles(manifest)}, ${bytes(manifest.source.bytes)}, SHA-256 ${manifest.source.sha256}`,
    ...(how.length > 0 ? [`read with ${how.join(" ")}`] : []),
    ...(manifest.features?.names === undefined ? [] : [`features ${namesOf(manifest.features.names)}`]),
  ].join("\n");
}

/** What is stored of a dense row. */
function describeRows(
  { shape, scale, offset }: NonNullable<Manifest["dense"]>,
  groups: Manifest["groups"],
): string {
  const types = [...new Set(groups.map(({ valueType }) => valueType))];
  const times = scale === 1 ? "" : `, x = ${shortScale(scale)} * value${offset === 0 ? "" : ` + ${offset}`}`;
  return `rows of ${shape.join(" x ")}, all entries stored as ${types.join(" and ")}${times}`;
}

function shortScale(scale: number): string {
  const divisor = Math.round(1 / scale);
  return 1 / divisor === scale ? `1/${divisor}` : String(scale);
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

const SHOWN_CLASSES = 20;

function describeLabels(labels: Manifest["labels"]): string {
  if (labels.kind === "real") return `real, ${labels.min} to ${labels.max}`;
  if (labels.kind === "classes") {
    const { names, counts } = labels;
    const shown = names
      .slice(0, SHOWN_CLASSES)
      .map((name, number) => `${JSON.stringify(name)} (${counts[number]!.toLocaleString("en-US")} rows)`);
    const more = names.length - SHOWN_CLASSES;
    return `${names.length} classes: ${shown.join(", ")}${more > 0 ? `, and ${more.toLocaleString("en-US")} more` : ""}`;
  }
  const { words, positive, negative, positives, negatives } = labels;
  const rows = (count: number) => `(${count.toLocaleString("en-US")} rows)`;
  return (
    `${words === undefined ? positive : JSON.stringify(words.positive)} -> +1 ${rows(positives)}, ` +
    `${words === undefined ? negative : JSON.stringify(words.negative)} -> -1 ${rows(negatives)}`
  );
}
