/** Brings a file of rows into the object store: rows first, the manifest last. */
import { createHash } from "node:crypto";
import { MarinaError } from "../base/index.ts";
import type { ObjectStore, PutCondition } from "../cloud/index.ts";
import { manifestKey, NAME_PATTERN, WHOLE_OBJECT_BYTES } from "../protocol/index.ts";
import { createLabelCollector } from "./formats/labels.ts";
import { LARGEST_INDEX } from "./formats/libsvm.ts";
import { LibsvmSource } from "./formats/libsvm-source.ts";
import type { RowSource } from "./formats/row-source.ts";
import {
  type DenseGroup,
  encodeManifest,
  type LabelKind,
  type Manifest,
  type ManifestGroup,
  type Reading,
  rowsKey,
  rowsPrefix,
  type SparseGroup,
} from "./manifest.ts";
import { denseForm, scaleOf } from "./prepare/dense-form.ts";
import { LikeRows } from "./prepare/like-rows.ts";
import { OneVersusRest } from "./prepare/one-versus-rest.ts";
import { PreparedRows } from "./prepare/prepared-rows.ts";
import { ScaledRows } from "./prepare/scaled-rows.ts";
import { type DenseForm, sizeOfRow } from "./rows/dense-group.ts";
import { GroupWriter } from "./rows/group-writer.ts";
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
  /** "binary": exactly two label values, for classification; "classes": two or more, of any kind; "real": any, for regression. */
  readonly labels: LabelKind;
  /** d; default the largest index of the file, or its number of feature columns. */
  readonly dimension?: number;
  /** Kept in the manifest: how `rows` reads its file; and what is done to the rows then is done here. */
  readonly reading?: Reading;
  /** The rows are treated as this data set's were: its features in their order, its constants, its labels. */
  readonly like?: Manifest;
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
  { reading, sourceName, onProgress, dimension: asked, labels, like }: ImportOptions,
): PreparedRows | undefined {
  if (like !== undefined) {
    const order = reading?.order;
    if (order === undefined) return undefined;
    return new PreparedRows(rows, sourceName, { fill: false, intercept: false, order });
  }
  // Of text with indices only the shape tells how many features there are.
  const shaped = reading?.format === "libsvm" && reading.shape !== undefined;
  const dimension = shaped ? sizeOfRow({ shape: reading.shape! }) : asked;
  const { order, scaling, intercept = false } = reading ?? {};
  const fill = reading !== undefined && "missing" in reading && reading.missing === "mean";
  const classes = labels === "classes";
  if (order === undefined && scaling === undefined && !intercept && !fill && !classes) return undefined;
  const preparation = {
    fill,
    intercept,
    classes,
    ...(scaling === undefined ? {} : { scaling }),
    ...(order === undefined ? {} : { order }),
    ...(dimension === undefined ? {} : { dimension }),
  };
  const progress = (count: number) => onProgress?.({ bytesRead: rows.bytesRead, rows: count });
  return new PreparedRows(rows, sourceName, preparation, progress);
}

/** Are values stored as what they stand for? Else bytes stay bytes, and the manifest says what they are multiplied by. */
function storesDecoded(reading: Reading | undefined): boolean {
  return reading?.scaling !== undefined || reading?.intercept === true;
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

function labelledRows(
  rows: RowSource,
  positive: string | undefined,
  { sourceName, like }: ImportOptions,
): RowSource {
  if (like !== undefined) return new LikeRows(rows, sourceName, like);
  return positive === undefined ? rows : new OneVersusRest(rows, sourceName, positive);
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
  #writer: GroupWriter | undefined;
  #form: DenseForm | undefined;
  readonly #groups: ManifestGroup[] = [];
  #objectBytes = 0;
  #rows = 0;
  #nonZeros = 0;
  /** Largest index seen, counted from 1. */
  #largestIndex = 0;

  constructor(rows: RowSource, options: ImportOptions) {
    const positive = options.reading?.positive;
    const scaled = storesDecoded(options.reading)
      ? new ScaledRows(rows, () => scaleOf(rows, options.reading))
      : rows;
    const labelled = labelledRows(scaled, positive, options);
    this.#prepared = prepared(labelled, options);
    const source = this.#prepared ?? labelled;
    this.#source = source;
    this.#rowsRead = rows;
    this.#options = options;
    this.#labels = createLabelCollector(
      options.labels,
      source,
      options.sourceName,
      () => this.#prepared?.classNames ?? [],
      options.like?.labels,
    );
    this.#squares = new SquaresCheck((line) => source.place(line), options.labels === "real");
  }

  async *groups(): AsyncGenerator<Uint8Array> {
    const { onProgress } = this.#options;
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
      const writer = this.#writerOf();
      for (let row = 0; row < rows; ) {
        row = writer.addRows(batch, row);
        if (writer.full) full.push(this.#closeGroup(writer));
      }
      onProgress?.({ bytesRead: this.#source.bytesRead, rows: this.#rows + writer.waiting });
      yield* full;
    }
    const writer = this.#writer;
    const last = writer !== undefined && writer.waiting > 0 ? [this.#closeGroup(writer)] : [];
    // Before the last group is handed over: what is refused here must not become an object.
    this.#labelsAndFeatures();
    yield* last;
  }

  /** Which layout it is only the first rows tell. */
  #writerOf(): GroupWriter {
    if (this.#writer === undefined) {
      const { reading, sourceName, like } = this.#options;
      const scale = storesDecoded(reading) ? 1 : scaleOf(this.#rowsRead, reading);
      const { columns } = this.#source;
      this.#form =
        like === undefined ? denseForm(this.#source, reading, columns, scale, sourceName) : like.dense;
      this.#writer = new GroupWriter(this.#form);
    }
    const size = this.#form === undefined ? Infinity : sizeOfRow(this.#form);
    if (this.#largestIndex > size) {
      const { sourceName } = this.#options;
      const shape = this.#form!.shape.join(" x ");
      throw new MarinaError(
        "data",
        `${sourceName}: expected indices up to ${size} (${shape}), got ${this.#largestIndex}`,
      );
    }
    return this.#writer;
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
      ...(this.#form === undefined ? {} : { dense: this.#form }),
      groups: this.#groupsToKeep(),
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
      ...(this.#rowsRead.dense?.image === true && this.#options.reading?.divide === undefined
        ? ["values of 0 to 255 were taken for pixels and divided by 255 (--divide 1: as they are)"]
        : []),
    ];
  }

  #features(): Pick<Manifest, "features"> {
    const { like } = this.#options;
    if (like !== undefined) return like.features === undefined ? {} : { features: like.features };
    const names = this.#source.features;
    const features = {
      ...(names === undefined || !keepsNames(names) ? {} : { names }),
      ...this.#prepared?.constants,
    };
    return Object.keys(features).length === 0 ? {} : { features };
  }

  #closeGroup(writer: GroupWriter): Uint8Array {
    const { bytes, group } = writer.close();
    this.#groups.push(group);
    this.#rows += group.rows;
    this.#nonZeros += group.nonZeros;
    this.#objectBytes += bytes.length;
    this.#objectHash.update(bytes);
    return bytes;
  }

  /** An object that is read whole has one checksum for all of it. */
  #groupsToKeep(): Manifest["groups"] {
    if (this.#form !== undefined) return this.#groups as DenseGroup[];
    const groups = this.#groups as SparseGroup[];
    if (this.#objectBytes > WHOLE_OBJECT_BYTES) return groups;
    return groups.map(({ crc32: _, ...group }) => group);
  }

  #labelsAndFeatures(): Pick<Manifest, "featureCount" | "labels"> {
    const { sourceName } = this.#options;
    const featureCount =
      (this.#form && sizeOfRow(this.#form)) ??
      this.#prepared?.columns ??
      this.#options.dimension ??
      this.#source.columns ??
      this.#largestIndex;
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
