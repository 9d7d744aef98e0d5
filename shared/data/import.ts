/** Brings a file of rows into the object store: rows first, the manifest last. */
import { createHash } from "node:crypto";
import { MarinaError } from "../base/index.ts";
import type { ObjectStore, PutCondition } from "../cloud/index.ts";
import { manifestKey, NAME_PATTERN } from "../protocol/index.ts";
import { createLabelCollector } from "./formats/labels.ts";
import { LARGEST_INDEX } from "./formats/libsvm.ts";
import { LibsvmSource } from "./formats/libsvm-source.ts";
import type { RowSource } from "./formats/row-source.ts";
import {
  encodeManifest,
  type LabelKind,
  type Manifest,
  type ManifestGroup,
  type Reading,
  rowsKey,
  rowsPrefix,
} from "./manifest.ts";
import { OneVersusRest } from "./prepare/one-versus-rest.ts";
import { PreparedRows } from "./prepare/prepared-rows.ts";
import { RowGroupBuilder } from "./rows/row-group-builder.ts";
import { SquaresCheck } from "./rows/squares.ts";

export interface ImportProgress {
  /** Bytes taken from the source, before decompression. */
  readonly bytesRead: number;
  /** Rows parsed. */
  readonly rows: number;
}

export interface ImportOptions {
  /** Name of the data set: 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit. */
  readonly name: string;
  /** What the source is called in errors and in the manifest: its file name. */
  readonly sourceName: string;
  /** "binary": exactly two label values, for classification; "real": any, for regression. */
  readonly labels: LabelKind;
  /** d; default the largest index of the file, or its number of feature columns. */
  readonly dimension?: number;
  /** Kept in the manifest: how `rows` reads its file; and what is done to the rows then is done here. */
  readonly reading?: Reading;
  readonly objects: ObjectStore;
  /** Take the place of a data set that has this name; default false. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** What was done that a reader of the file might not expect, a sentence each; once all rows are read. */
  readonly onNotice?: (notice: string) => void;
}

/**
 * Imports LIBSVM text, gzip-compressed or not: `importRows`.
 * @param threads threads that parse beside this one, once the text proves long; default 0. The result is the same.
 */
export function importLibsvm(
  chunks: AsyncIterable<Uint8Array>,
  options: ImportOptions,
  threads = 0,
): Promise<Manifest> {
  const { sourceName, dimension } = options;
  const limit = dimension === undefined ? {} : { dimension };
  return importRows(new LibsvmSource(chunks, { name: sourceName, threads, ...limit }), options);
}

/**
 * Stores rows as row groups and a manifest. Memory is that of one row group and some batches of rows (of text: and the
 * longest line), whatever the size of the file; where all rows are put aside
 * first (another order, constants of columns), some 30 bytes a row and at most 256 MiB as well.
 *
 * A data set exists once its manifest does. A replaced data set keeps its rows until the new manifest stands.
 *
 * @throws MarinaError
 * - "usage": bad name or dimension;
 * - "precondition-failed": the name is taken and `replace` is not set, or another import was quicker;
 * - "data": the contents, their compression or their labels are not what they should be, or their squares overflow (with the line);
 * - and whatever the object store or the source throw.
 */
export async function importRows(rows: RowSource, options: ImportOptions): Promise<Manifest> {
  const { name, sourceName, objects } = options;
  checkOptions(options);
  const condition = await manifestCondition(options);
  const old = await objects.list(rowsPrefix(name));
  const key = rowsKey(name, 1 + Math.max(0, ...old.map((known) => generationOf(known, name))));

  const source = new SourceReader(rows, options);
  const etag = await objects.putStream(key, source.groups());
  const manifest = source.manifest(key, etag);
  try {
    await objects.put(manifestKey(name), encodeManifest(manifest), condition);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "precondition-failed") {
      throw new MarinaError(
        "precondition-failed",
        `data set "${name}" was written by another import at the same time as ${sourceName}; look at it, then try again`,
        { cause: error },
      );
    }
    throw error;
  }
  for (const unused of old) await objects.delete(unused);
  for (const notice of source.notices()) options.onNotice?.(notice);
  return manifest;
}

function checkOptions({ name, dimension }: ImportOptions): void {
  if (!NAME_PATTERN.test(name)) {
    throw new MarinaError(
      "usage",
      `data set name: expected 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit, got ${JSON.stringify(name)}`,
    );
  }
  if (
    dimension !== undefined &&
    !(Number.isInteger(dimension) && dimension >= 1 && dimension <= LARGEST_INDEX)
  ) {
    throw new MarinaError(
      "usage",
      `dimension: expected an integer of 1 .. ${LARGEST_INDEX}, got ${dimension}`,
    );
  }
}

/** Under which condition the manifest may be written: as things were when the import began. */
async function manifestCondition({ name, objects, replace }: ImportOptions): Promise<PutCondition> {
  let etag: string;
  try {
    ({ etag } = await objects.get(manifestKey(name)));
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return { ifNoneMatch: "*" };
    throw error;
  }
  if (replace !== true) {
    throw new MarinaError(
      "precondition-failed",
      `data set "${name}" exists already; choose another name, or replace it (--replace)`,
    );
  }
  return { ifMatch: etag };
}

/** What the manifest's constants and the rows' changes come from; undefined where rows are stored as they come. */
function prepared(
  rows: RowSource,
  { reading, sourceName, onProgress, dimension }: ImportOptions,
): PreparedRows | undefined {
  if (reading === undefined) return undefined;
  const { order, scaling, intercept = false } = reading;
  const fill = reading.format !== "libsvm" && reading.missing === "mean";
  if (order === undefined && scaling === undefined && !intercept && !fill) return undefined;
  const preparation = {
    fill,
    intercept,
    ...(scaling === undefined ? {} : { scaling }),
    ...(order === undefined ? {} : { order }),
    ...(dimension === undefined ? {} : { dimension }),
  };
  const progress = (count: number) => onProgress?.({ bytesRead: rows.bytesRead, rows: count });
  return new PreparedRows(rows, sourceName, preparation, progress);
}

/** Names of more text than this are not kept. */
const MOST_NAME_CHARACTERS = 1024 * 1024;

function keepsNames(names: readonly string[]): boolean {
  return names.reduce((sum, name) => sum + name.length, 0) <= MOST_NAME_CHARACTERS;
}

function generationOf(key: string, name: string): number {
  const generation = Number(key.slice(rowsPrefix(name).length));
  return Number.isSafeInteger(generation) ? generation : 0;
}

/** One pass over the source: row groups on the way, what the manifest must say at the end. */
class SourceReader {
  readonly #source: RowSource;
  /** The file's rows, before they were changed. */
  readonly #rowsRead: RowSource;
  readonly #prepared: PreparedRows | undefined;
  readonly #options: ImportOptions;
  readonly #labels;
  readonly #squares: SquaresCheck;
  readonly #objectHash = createHash("sha256");
  readonly #builder = new RowGroupBuilder();
  readonly #groups: ManifestGroup[] = [];
  #objectBytes = 0;
  #rows = 0;
  #nonZeros = 0;
  /** Largest index seen, counted from 1. */
  #largestIndex = 0;

  constructor(rows: RowSource, options: ImportOptions) {
    const positive = options.reading?.positive;
    const labelled = positive === undefined ? rows : new OneVersusRest(rows, options.sourceName, positive);
    this.#prepared = prepared(labelled, options);
    const source = this.#prepared ?? labelled;
    this.#source = source;
    this.#rowsRead = rows;
    this.#options = options;
    this.#labels = createLabelCollector(options.labels, source, options.sourceName);
    this.#squares = new SquaresCheck((line) => source.place(line), options.labels === "real");
  }

  async *groups(): AsyncGenerator<Uint8Array> {
    const { onProgress } = this.#options;
    const builder = this.#builder;
    for await (const batch of this.#source.rows()) {
      this.#checkDimension();
      this.#squares.see(batch);
      const full: Uint8Array[] = [];
      const rows = batch.labels.length;
      for (let row = 0; row < rows; row++) {
        this.#labels.see(batch.labels[row]!, batch.firstLine + batch.lines[row]!);
        const end = batch.offsets[row + 1]!;
        if (end > batch.offsets[row]!) {
          this.#largestIndex = Math.max(this.#largestIndex, batch.indices[end - 1]! + 1);
        }
      }
      for (let row = 0; row < rows; ) {
        row = builder.addRows(batch, row);
        if (builder.full) full.push(this.#closeGroup());
      }
      onProgress?.({ bytesRead: this.#source.bytesRead, rows: this.#rows + builder.rows });
      yield* full;
    }
    const last = builder.rows > 0 ? [this.#closeGroup()] : [];
    // Before the last group is handed over: what is refused here must not become an object.
    this.#labelsAndFeatures();
    yield* last;
  }

  manifest(key: string, etag: string): Manifest {
    return {
      version: 1,
      name: this.#options.name,
      source: {
        fileName: this.#options.sourceName,
        ...this.#source.contents(),
      },
      ...(this.#options.reading === undefined ? {} : { reading: this.#options.reading }),
      rows: this.#rows,
      nonZeros: this.#nonZeros,
      ...this.#labelsAndFeatures(),
      ...this.#features(),
      groups: this.#groups,
      object: { key, bytes: this.#objectBytes, etag, sha256: this.#objectHash.digest("hex") },
    };
  }

  /** Of text with indices the parser checks it line by line. */
  #checkDimension(): void {
    const { sourceName, dimension } = this.#options;
    const { columns } = this.#rowsRead;
    if (dimension !== undefined && columns !== undefined && dimension < columns) {
      throw new MarinaError(
        "usage",
        `dimension: expected at least ${columns} (the feature columns of ${sourceName}), got ${dimension}`,
      );
    }
  }

  notices(): string[] {
    const { features, notices } = this.#source;
    const unnamed = features !== undefined && !keepsNames(features);
    return [
      ...notices,
      ...(unnamed
        ? [`the names of the features are not kept: they are longer than ${MOST_NAME_CHARACTERS} characters`]
        : []),
    ];
  }

  #features(): Pick<Manifest, "features"> {
    const names = this.#source.features;
    const features = {
      ...(names === undefined || !keepsNames(names) ? {} : { names }),
      ...this.#prepared?.constants,
    };
    return Object.keys(features).length === 0 ? {} : { features };
  }

  #closeGroup(): Uint8Array {
    const { bytes, ...shape } = this.#builder.take();
    this.#groups.push({
      firstRow: this.#rows,
      rows: shape.rows,
      nonZeros: shape.nonZeros,
      byteOffset: this.#objectBytes,
      byteLength: bytes.length,
      indexType: shape.indexType,
      valueType: shape.valueType,
    });
    this.#rows += shape.rows;
    this.#nonZeros += shape.nonZeros;
    this.#objectBytes += bytes.length;
    this.#objectHash.update(bytes);
    return bytes;
  }

  #labelsAndFeatures(): Pick<Manifest, "featureCount" | "labels"> {
    const { sourceName } = this.#options;
    const featureCount =
      this.#prepared?.columns ?? this.#options.dimension ?? this.#source.columns ?? this.#largestIndex;
    if (this.#rows === 0) {
      throw new MarinaError("data", `${sourceName}: expected rows, got none (the input is empty)`);
    }
    if (featureCount === 0) {
      throw new MarinaError(
        "data",
        `${sourceName}: expected <index>:<value> entries, got ${this.#rows} rows with labels only; ` +
          "give the dimension if that is meant",
      );
    }
    return { featureCount, labels: this.#labels.summary() };
  }
}
