/** Files become a data set. */
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectFiles } from "../../shared/cloud/aws/index.ts";
import {
  importRows,
  type LabelKind,
  type Manifest,
  type Reading,
  STANDARD_INPUT,
} from "../../shared/data/index.ts";
import { NAME_PATTERN } from "../../shared/protocol/index.ts";
import type { Engine } from "../engines/engine.ts";
import { findManifest } from "../find.ts";
import type { ChosenArrays } from "./arrays.ts";
import type { Input } from "./input.ts";
import type { ReadingOptions } from "./reading.ts";

export interface ImportFileOptions extends ReadingOptions {
  /** What the data set shall be called; by default as the file, without its endings. */
  readonly name?: string;
  /**
   * Two classes (any two values, the larger or later is +1; the default), several (the default of IDX), or real targets for
   * regression.
   */
  readonly labels?: LabelKind;
  /** The name of a data set whose features, constants and labels these rows shall have: for rows to test on. */
  readonly like?: string;
  /** Take the place of a data set of this name. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: ImportFileProgress) => void;
}

export interface ImportFileProgress {
  readonly name: string;
  readonly bytesRead: number;
  /** Of all files; undefined where one is a pipe. */
  readonly bytes: number | undefined;
  readonly rows: number;
}

export interface ImportedFile {
  readonly manifest: Manifest;
  /** The input's name, as the manifest has it. */
  readonly sourceName: string;
  /** What a person ought to know of how it was read. */
  readonly notices: readonly string[];
}

/**
 * How LIBSVM, CSV, Parquet or arrays will be imported, looked at before there is a store to put it in.
 * @param paths of files that are one data set, of a folder of parts, s3://BUCKET/KEY, or - for standard input
 * @param openS3 asked where an address is one of S3
 * @returns the import itself, which throws what `importRows` does
 * @throws MarinaError "usage" for what can't be read, or options that don't go with it
 */
export async function fileImport(
  paths: readonly string[],
  options: ImportFileOptions,
  openS3: () => Promise<ObjectFiles>,
): Promise<(engine: Pick<Engine, "objects" | "exclusively">) => Promise<ImportedFile>> {
  // Readers of tables are loaded only when there is something to read.
  const [{ inputOf }, { formatOf, readingOf }, { openSource }, { chooseArrays }, { readingLike }] =
    await Promise.all([
      import("./input.ts"),
      import("./reading.ts"),
      import("./open-source.ts"),
      import("./arrays.ts"),
      import("./like.ts"),
    ]);
  const { replace = false, onProgress } = options;
  const input = await inputOf(paths, openS3);
  const name = options.name ?? nameOf(input.name);
  const size = sizeOf(input);
  const arraysOf = (format: Reading["format"]) => chooseArrays(paths, input, format, options, openS3);
  const asItIs = async (): Promise<Asked> => {
    const format = formatOf(input.files, options);
    const several = format === "idx" && options.positive === undefined;
    const labels = options.labels ?? (several ? "classes" : "binary");
    const arrays = await arraysOf(format);
    const labelFile = arrays?.labelFile;
    const named = labelFile === undefined ? {} : { labelFile };
    return { labels, arrays, reading: readingOf(input.files, { ...options, format, labels, ...named }) };
  };
  const asLike = async (like: Manifest): Promise<Asked> => {
    const format = options.format ?? like.reading?.format ?? formatOf(input.files, options);
    const arrays = await arraysOf(format);
    return { labels: like.labels.kind, arrays, reading: readingLike(like, format, options, arrays), like };
  };
  // What can be told without a store is told before there is one.
  const asked = options.like === undefined ? await asItIs() : undefined;
  const importInto = async ({ objects }: Pick<Engine, "objects">): Promise<ImportedFile> => {
    const notices: string[] = [];
    const { labels, arrays, reading, like } =
      asked ?? (await asLike(await findManifest(objects, options.like!)));
    const source = await openSource(input, reading, labels, arrays);
    const manifest = await importRows(source, {
      name,
      sourceName: input.name,
      labels,
      ...(options.dimension === undefined ? {} : { dimension: options.dimension }),
      reading,
      ...(like === undefined ? {} : { like }),
      objects,
      replace,
      onNotice: (notice) => notices.push(notice),
      onProgress: ({ bytesRead, rows }) => onProgress?.({ name, bytesRead, bytes: size, rows }),
    });
    return { manifest, sourceName: input.name, notices };
  };
  return (engine) => engine.exclusively("data set", name, () => importInto(engine), { unused: replace });
}

/** How the files shall be imported. */
interface Asked {
  readonly labels: LabelKind;
  readonly arrays: ChosenArrays | undefined;
  readonly reading: Reading;
  readonly like?: Manifest;
}

/** What a data set is called that is given no name: as its file, without its endings. */
function nameOf(sourceName: string): string {
  const name = sourceName
    .replace(/\/$/, "")
    .replace(/^s3:\/\/.*\//i, "")
    .replace(/([-.]idx\d-\w+)?(\.(gz|zst|zip|svm|libsvm|csv|tsv|txt|data|parquet|pq|npy|npz))*$/i, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|-+$/g, "");
  if (sourceName !== STANDARD_INPUT && NAME_PATTERN.test(name)) return name;
  throw new MarinaError("usage", `${sourceName}: expected --name <name>, what the data set shall be called`);
}

/** Of all files; undefined where one is a pipe. */
function sizeOf({ files }: Input): number | undefined {
  return files.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  );
}
