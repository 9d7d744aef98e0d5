/** From a file and how it shall be read to a source of rows. */
import { createReadStream } from "node:fs";
import { availableParallelism } from "node:os";
import { MarinaError } from "../../shared/base/index.ts";
import { fileFormats, type LabelKind, type Reading, type RowSource } from "../../shared/data/index.ts";

/** More would wait for the one thread that reads, hashes and stores. */
const MOST_PARSER_THREADS = 4;

/** On two cores one parser thread gains nothing over none (bench/import.ts): handing rows over eats what it saves. */
function parserThreads(): number {
  const cores = availableParallelism();
  return cores <= 2 ? 0 : Math.min(MOST_PARSER_THREADS, cores - 1);
}

/** @param path of the file, or - for standard input. @param name what it is called in errors. */
export async function openSource(
  path: string,
  name: string,
  reading: Reading,
  labels: LabelKind,
): Promise<RowSource> {
  const text = () => (path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 }));
  const { format, dimension: _, ...how } = reading;
  if (reading.format === "libsvm") {
    const { LibsvmSource } = await fileFormats.libsvm();
    const { dimension, zeroBased = false } = reading;
    const limit = dimension === undefined ? {} : { dimension };
    return new LibsvmSource(text(), { name, threads: parserThreads(), zeroBased, ...limit });
  }
  const options = { ...how, labelColumn: reading.labelColumn, name, classes: labels === "binary" };
  if (format === "csv") {
    const { CsvSource } = await fileFormats.csv();
    return new CsvSource(text(), options);
  }
  if (path === "-") {
    throw new MarinaError(
      "usage",
      "--format parquet: expected a file, not standard input: Parquet is read from its end",
    );
  }
  const { asyncBufferFromFile } = await import("hyparquet");
  const { ParquetSource } = await fileFormats.parquet();
  return new ParquetSource(await asyncBufferFromFile(path), options);
}
