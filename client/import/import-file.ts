/** A file becomes a data set. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { importRows, type LabelKind, type Manifest, STANDARD_INPUT } from "../../shared/data/index.ts";
import { NAME_PATTERN } from "../../shared/protocol/index.ts";
import type { ReadingOptions } from "./reading.ts";

export interface ImportFileOptions extends ReadingOptions {
  /** What the data set shall be called; by default as the file, without its endings. */
  readonly name?: string;
  /** Two classes (any two values, the larger or later is +1; the default), or real targets for regression. */
  readonly labels?: LabelKind;
  /** Take the place of a data set of this name. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: ImportFileProgress) => void;
}

export interface ImportFileProgress {
  readonly name: string;
  readonly bytesRead: number;
  /** Of the file; undefined for standard input and pipes. */
  readonly bytes: number | undefined;
  readonly rows: number;
}

export interface ImportedFile {
  readonly manifest: Manifest;
  /** The file's name, as the manifest has it. */
  readonly sourceName: string;
  /** What a person ought to know of how the file was read. */
  readonly notices: readonly string[];
}

/**
 * How a file of LIBSVM, CSV (plain or gzip) or Parquet will be imported, looked at before there is a store to put it in.
 * @param path of the file, or - for standard input
 * @returns the import itself, which throws what `importRows` does
 * @throws MarinaError "usage" for a file that can't be read, or options that don't go with it
 */
export async function fileImport(
  path: string,
  options: ImportFileOptions,
): Promise<(objects: ObjectStore) => Promise<ImportedFile>> {
  const { labels = "binary", replace = false, onProgress, name: given, ...reading } = options;
  const size = sizeOf(path);
  const sourceName = size === undefined ? STANDARD_INPUT : basename(path);
  const name = given ?? nameOf(sourceName);
  // Readers of tables are loaded only when there is something to read.
  const [{ readingOf }, { openSource }] = await Promise.all([
    import("./reading.ts"),
    import("./open-source.ts"),
  ]);
  const how = readingOf(path, reading);
  return async (objects) => {
    try {
      const source = await openSource(path, sourceName, how, labels);
      const manifest = await importRows(source, {
        name,
        sourceName,
        labels,
        ...(reading.dimension === undefined ? {} : { dimension: reading.dimension }),
        reading: how,
        objects,
        replace,
        onProgress: ({ bytesRead, rows }) => onProgress?.({ name, bytesRead, bytes: size, rows }),
      });
      return { manifest, sourceName, notices: source.notices };
    } catch (error) {
      throw withCode(error, path);
    }
  };
}

/** What a data set is called that is given no name: as its file, without its endings. */
function nameOf(sourceName: string): string {
  const name = sourceName
    .replace(/(\.(gz|svm|libsvm|csv|tsv|txt|data|parquet|pq))+$/i, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|-+$/g, "");
  if (sourceName !== STANDARD_INPUT && NAME_PATTERN.test(name)) return name;
  throw new MarinaError("usage", `${sourceName}: expected --name <name>, what the data set shall be called`);
}

/** Undefined for standard input and pipes. */
function sizeOf(path: string): number | undefined {
  try {
    if (path === "-") return undefined;
    const found = statSync(path);
    if (found.isFile()) return found.size;
    if (found.isDirectory()) throw new MarinaError("usage", `${path}: is a folder, expected a file`);
    return undefined;
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
