/** From files and how they shall be read to a source of rows. */
import { availableParallelism } from "node:os";
import { MarinaError } from "../../shared/base/index.ts";
import {
  ClassWords,
  fileFormats,
  type LabelKind,
  type Reading,
  type RowSource,
  SeveralFiles,
} from "../../shared/data/index.ts";
import type { ChosenArrays } from "./arrays.ts";
import type { Input } from "./input.ts";
import type { InputFile } from "./input-file.ts";

/** More would wait for the one thread that reads, hashes and stores. */
const MOST_PARSER_THREADS = 4;

/** On two cores one parser thread gains nothing over none (bench/import.ts): handing rows over eats what it saves. */
function parserThreads(): number {
  const cores = availableParallelism();
  return cores <= 2 ? 0 : Math.min(MOST_PARSER_THREADS, cores - 1);
}

/** @param arrays where the files are such: rows, and labels. */
export async function openSource(
  { files }: Input,
  reading: Reading,
  labels: LabelKind,
  arrays?: ChosenArrays,
): Promise<RowSource> {
  if (arrays !== undefined) {
    const { data, labels: targets, notices } = arrays;
    if (reading.format === "idx") return (await fileFormats.idx()).idxSource(data, targets, notices);
    return (await fileFormats.npy()).npySource(data, targets, notices);
  }
  const classes = classWords(reading, labels);
  const [only, ...others] = files;
  if (others.length === 0) return openFile(only!, reading, classes, false);
  return new SeveralFiles(
    files.map((file, i) => ({ name: file.name, open: () => openFile(file, reading, classes, i > 0) })),
  );
}

/** @param continued not the first file of the import. */
/** Of CSV, classes are words, whatever they look like: 1, 2, 2a. A Parquet column has a type. */
function classWords(reading: Reading, labels: LabelKind): ClassWords | undefined {
  if (labels === "real") return undefined;
  const { positive, like } = reading;
  const words = new ClassWords(labels === "classes" || positive !== undefined || like !== undefined);
  if (labels === "classes" && reading.format === "csv") words.setKind("words", "");
  return words;
}

async function openFile(
  file: InputFile,
  reading: Reading,
  classes: ClassWords | undefined,
  continued: boolean,
): Promise<RowSource> {
  const { name } = file;
  if (reading.format === "libsvm") {
    const { LibsvmSource } = await fileFormats.libsvm();
    const { zeroBased = false, shape } = reading;
    const dimension = shape?.reduce((product, length) => product * length, 1) ?? reading.dimension;
    const limit = dimension === undefined ? {} : { dimension };
    return new LibsvmSource(file.stream(), { name, threads: parserThreads(), zeroBased, ...limit });
  }
  if (reading.format === "idx" || reading.format === "npy") throw new Error(`${name}: is an array`);
  const words = classes === undefined ? {} : { classes };
  const { labelColumn, drop, columns, missing, header, separator, decimalComma } = reading;
  const options = {
    name,
    labelColumn,
    ...(drop === undefined ? {} : { drop }),
    ...(columns === undefined ? {} : { columns }),
    ...(missing === undefined ? {} : { missing }),
    ...words,
  };
  if (reading.format === "csv") {
    const { CsvSource } = await fileFormats.csv();
    return new CsvSource(file.stream(), {
      ...options,
      continued,
      ...(header === undefined ? {} : { header }),
      ...(separator === undefined ? {} : { separator }),
      ...(decimalComma === undefined ? {} : { decimalComma }),
    });
  }
  if (file.anywhere === undefined) {
    throw new MarinaError(
      "usage",
      "--format parquet: expected a file of its own, neither piped nor zipped: Parquet is read from its end",
    );
  }
  const { ParquetSource } = await fileFormats.parquet();
  return new ParquetSource(await file.anywhere(), options);
}
