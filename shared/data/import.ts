/** Brings a LIBSVM file into the object store: rows first, the manifest last. */
import { createHash } from "node:crypto";
import type { ObjectStore, PutCondition } from "../cloud/ports.ts";
import { MarinaError } from "../math/errors.ts";
import { manifestKey } from "../protocol/keys.ts";
import { NAME_PATTERN } from "../protocol/spec.ts";
import { gunzipIfCompressed } from "./gunzip.ts";
import { createLabelCollector } from "./labels.ts";
import { LARGEST_INDEX, LibsvmParser } from "./libsvm.ts";
import {
  encodeManifest,
  type LabelKind,
  type Manifest,
  type ManifestGroup,
  rowsKey,
  rowsPrefix,
} from "./manifest.ts";
import { RowGroupBuilder } from "./row-group-builder.ts";

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
  /** d; default the largest index of the file. */
  readonly dimension?: number;
  readonly objects: ObjectStore;
  /** Take the place of a data set that has this name; default false. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** Text is parsed in pieces of at most so many bytes, so that a huge chunk does not make many groups at once. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Parses LIBSVM text, gzip-compressed or not, and stores it as row groups and a manifest. Memory is that of one row group
 * and the longest line, whatever the size of the file.
 *
 * A data set exists once its manifest does. A replaced data set keeps its rows until the new manifest stands.
 *
 * @throws MarinaError
 * - "usage": bad name or dimension;
 * - "precondition-failed": the name is taken and `replace` is not set, or another import was quicker;
 * - "data": the text, its compression or its labels are not what they should be (with the line);
 * - and whatever the object store or the source throw.
 */
export async function importLibsvm(
  chunks: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<Manifest> {
  const { name, sourceName, objects } = options;
  checkOptions(options);
  const condition = await manifestCondition(options);
  const old = await objects.list(rowsPrefix(name));
  const key = rowsKey(name, 1 + Math.max(0, ...old.map((known) => generationOf(known, name))));

  const source = new SourceReader(chunks, options);
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

function generationOf(key: string, name: string): number {
  const generation = Number(key.slice(rowsPrefix(name).length));
  return Number.isSafeInteger(generation) ? generation : 0;
}

/** One pass over the source: row groups on the way, what the manifest must say at the end. */
class SourceReader {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #options: ImportOptions;
  readonly #labels;
  readonly #sourceHash = createHash("sha256");
  readonly #objectHash = createHash("sha256");
  readonly #builder = new RowGroupBuilder();
  readonly #groups: ManifestGroup[] = [];
  #bytesRead = 0;
  #sourceBytes = 0;
  #objectBytes = 0;
  #rows = 0;
  #nonZeros = 0;
  /** Largest index seen, counted from 1. */
  #largestIndex = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, options: ImportOptions) {
    this.#chunks = chunks;
    this.#options = options;
    this.#labels = createLabelCollector(options.labels, options.sourceName);
  }

  async *groups(): AsyncGenerator<Uint8Array> {
    const { sourceName, dimension, onProgress } = this.#options;
    const builder = this.#builder;
    const full: Uint8Array[] = [];
    const parser = new LibsvmParser(
      {
        add: (label, indices, values, count, line) => {
          this.#labels.see(label, line);
          if (count > 0 && indices[count - 1]! >= this.#largestIndex)
            this.#largestIndex = indices[count - 1]! + 1;
          builder.add(label, indices, values, count);
          if (builder.full) full.push(this.#closeGroup());
        },
      },
      { source: sourceName, ...(dimension === undefined ? {} : { dimension }) },
    );
    for await (const chunk of gunzipIfCompressed(this.#counted(), sourceName)) {
      this.#sourceBytes += chunk.length;
      this.#sourceHash.update(chunk);
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        parser.push(chunk.subarray(at, at + PIECE_BYTES));
        yield* full.splice(0);
      }
      onProgress?.({ bytesRead: this.#bytesRead, rows: this.#rows + builder.rows });
    }
    parser.end();
    if (builder.rows > 0) full.push(this.#closeGroup());
    // Before the last group is handed over: what is refused here must not become an object.
    this.#labelsAndDimension();
    yield* full;
  }

  manifest(key: string, etag: string): Manifest {
    return {
      version: 1,
      name: this.#options.name,
      source: {
        fileName: this.#options.sourceName,
        bytes: this.#sourceBytes,
        sha256: this.#sourceHash.digest("hex"),
      },
      rows: this.#rows,
      nonZeros: this.#nonZeros,
      ...this.#labelsAndDimension(),
      groups: this.#groups,
      object: { key, bytes: this.#objectBytes, etag, sha256: this.#objectHash.digest("hex") },
    };
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#chunks) {
      this.#bytesRead += chunk.length;
      yield chunk;
    }
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

  #labelsAndDimension(): Pick<Manifest, "dimension" | "labels"> {
    const { sourceName, dimension = this.#largestIndex } = this.#options;
    if (this.#rows === 0) {
      throw new MarinaError("data", `${sourceName}: expected LIBSVM rows, got none (the input is empty)`);
    }
    if (dimension === 0) {
      throw new MarinaError(
        "data",
        `${sourceName}: expected <index>:<value> entries, got ${this.#rows} rows with labels only; ` +
          "give the dimension if that is meant",
      );
    }
    return { dimension, labels: this.#labels.summary() };
  }
}
