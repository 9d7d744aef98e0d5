/** The command that imports a data set again. */
import { parse } from "node:path";
import { shellWord } from "../../shared/base/index.ts";
import { type Manifest, STANDARD_INPUT } from "../../shared/data/index.ts";
import { readingWords } from "./reading-words.ts";
import { shippedData } from "./shipped-data.ts";

type Imported = Pick<Manifest, "name" | "source" | "labels" | "reading">;

export interface ImportCommand {
  /** `data import FILE --name NAME ...`, for a POSIX shell. */
  readonly command: string;
  /** What one must know to use it; most need nothing. */
  readonly remark: string | undefined;
}

export function importCommand(manifest: Imported): ImportCommand {
  const { name, source, labels, reading } = manifest;
  const shipped = shippedData.get(source.sha256);
  const piped = source.fileName === STANDARD_INPUT;
  const format = reading?.format ?? "libsvm";
  const file = shipped ?? (piped ? `${name}.${format === "libsvm" ? "svm" : format}` : source.fileName);
  // The files of arrays are that of the rows and that of the labels, which has an option of its own.
  const arrays = format === "idx" || format === "npy";
  const several = source.files !== undefined && !arrays && !source.fileName.endsWith("/");
  const files = several ? source.files.map((one) => one.name) : [file];
  const words = [
    "data",
    "import",
    ...files.map((path) => (path.startsWith("-") ? `./${path}` : path)),
    "--name",
    name,
    ...(labels.kind === "binary" || reading?.like !== undefined ? [] : ["--labels", labels.kind]),
    ...(reading === undefined ? [] : readingWords(reading)),
  ];
  return { command: words.map(shellWord).join(" "), remark: remarkOf(manifest, shipped, piped, file) };
}

function remarkOf(
  { source, reading }: Imported,
  shipped: string | undefined,
  piped: boolean,
  file: string,
): string | undefined {
  if (shipped !== undefined) return undefined;
  if (piped)
    return `the data were piped in: save them as ${file} (SHA-256 of the contents: ${source.sha256})`;
  if (reading === undefined && /^\.(csv|tsv|parquet|pq)$/i.test(parse(file.replace(/\.gz$/i, "")).ext)) {
    return "how the file was read was not kept: import it with the --label-column it had";
  }
  return undefined;
}
