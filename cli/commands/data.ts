/** `marina data import | list | show`. */
import { createReadStream, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { datasetNames, type EngineOptions, findManifest, openEngine, table } from "../../client/index.ts";
import { bytes, MarinaError, seconds } from "../../shared/base/index.ts";
import {
  importRows,
  LibsvmSource,
  type Manifest,
  partition,
  type RowSource,
  tableFormats,
} from "../../shared/data/index.ts";

interface ImportOptions extends EngineOptions {
  readonly name: string;
  readonly format: "libsvm" | "csv" | "parquet";
  readonly labelColumn?: string;
  readonly labels: "binary" | "real";
  readonly dimension?: number;
  readonly replace?: boolean;
}

export async function importFile(path: string, options: ImportOptions): Promise<void> {
  const size = path === "-" ? undefined : sizeOf(path);
  const engine = await openEngine(options);
  const { createLogUpdate } = await import("log-update");
  const line = createLogUpdate(process.stderr);
  const started = performance.now();
  let shown = started;
  try {
    const sourceName = path === "-" ? "standard input" : basename(path);
    const manifest = await importRows(await openSource(path, sourceName, options), {
      name: options.name,
      sourceName,
      labels: options.labels,
      ...(options.dimension === undefined ? {} : { dimension: options.dimension }),
      objects: engine.objects,
      replace: options.replace === true,
      onProgress({ bytesRead, rows }) {
        const now = performance.now();
        if (!process.stderr.isTTY || now - shown < 100) return;
        shown = now;
        const share =
          size === undefined || size === 0
            ? ""
            : ` of ${bytes(size)} (${Math.floor((100 * bytesRead) / size)} %)`;
        line(`${options.name}: ${bytes(bytesRead)}${share}, ${rows.toLocaleString("en-US")} rows`);
      },
    });
    line.clear();
    await engine.close();
    console.log(`${describe(manifest)}\nimported in ${seconds((performance.now() - started) / 1000)}`);
  } catch (error) {
    line.clear();
    throw withCode(error, path);
  }
}

/** More would wait for the one thread that reads, hashes and stores. */
const MOST_PARSER_THREADS = 4;

/** On two cores one parser thread gains nothing over none (bench/import.ts): handing rows over eats what it saves. */
function parserThreads(): number {
  const cores = availableParallelism();
  return cores <= 2 ? 0 : Math.min(MOST_PARSER_THREADS, cores - 1);
}

async function openSource(path: string, name: string, options: ImportOptions): Promise<RowSource> {
  const { format, labelColumn, dimension } = options;
  const text = () => (path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 }));
  if (format === "libsvm") {
    if (labelColumn !== undefined) {
      throw new MarinaError(
        "usage",
        "--label-column: expected --format csv or parquet with it; LIBSVM has no columns",
      );
    }
    return new LibsvmSource(text(), {
      name,
      threads: parserThreads(),
      ...(dimension === undefined ? {} : { dimension }),
    });
  }
  if (labelColumn === undefined) {
    throw new MarinaError(
      "usage",
      `--format ${format}: expected --label-column <name>, the column of labels`,
    );
  }
  if (format === "csv") {
    const { CsvSource } = await tableFormats.csv();
    return new CsvSource(text(), { name, labelColumn });
  }
  if (path === "-") {
    throw new MarinaError(
      "usage",
      "--format parquet: expected a file, not standard input: Parquet is read from its end",
    );
  }
  const { asyncBufferFromFile } = await import("hyparquet");
  const { ParquetSource } = await tableFormats.parquet();
  return new ParquetSource(await asyncBufferFromFile(path), { name, labelColumn });
}

function sizeOf(path: string): number {
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw new MarinaError("usage", `${path}: is a folder, expected a file`);
    return found.size;
  } catch (error) {
    throw withCode(error, path);
  }
}

/** A file that can't be read is the caller's mistake. */
function withCode(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return new MarinaError("usage", `${path}: no such file`, { cause: error });
  if (code === "EACCES")
    return new MarinaError("usage", `${path}: no permission to read it`, { cause: error });
  return error;
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
}

function describe(manifest: Manifest): string {
  const { labels } = manifest;
  const text =
    labels.kind === "binary"
      ? `${labels.positive} -> +1 (${labels.positives.toLocaleString("en-US")} rows), ${labels.negative} -> -1 (${labels.negatives.toLocaleString("en-US")} rows)`
      : `real, ${labels.min} to ${labels.max}`;
  return [
    `${manifest.name}: ${manifest.rows.toLocaleString("en-US")} rows x ${manifest.dimension.toLocaleString("en-US")}, ${manifest.nonZeros.toLocaleString("en-US")} non-zeros, ${bytes(manifest.object.bytes)}`,
    `labels ${text}`,
    `source ${manifest.source.fileName}, ${bytes(manifest.source.bytes)}, SHA-256 ${manifest.source.sha256}`,
  ].join("\n");
}
