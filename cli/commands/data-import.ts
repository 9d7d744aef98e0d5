import { Option } from "../commander.ts";
import { engineCommand } from "../flags/command.ts";
import { collect, positiveInteger, positiveNumber, seed } from "../flags/values.ts";

export const command = engineCommand("import")
  .argument(
    "<files...>",
    "LIBSVM or CSV, plain, gzip or Zstandard, or - for standard input; or Parquet; several, or a folder of parts; or s3://BUCKET/KEY; or one IDX, .npy or .npz file",
  )
  .option("--name <name>", "name of the data set; default: the file's, without its endings")
  .addOption(
    new Option("--format <format>", "what the file is; default: as its bytes and name say").choices([
      "libsvm",
      "csv",
      "parquet",
      "idx",
      "npy",
    ]),
  )
  .option("--label-column <name>", "csv, parquet: the column of labels; others are features, in file order")
  .option("--drop <names>", "csv, parquet: columns to leave out, comma-separated (repeatable)", collect)
  .option("--columns <names>", "csv, parquet: the only columns that are features (repeatable)", collect)
  .addOption(
    new Option(
      "--missing <how>",
      "csv, parquet: rows with missing cells; mean fills features with their column's",
    ).choices(["refuse", "drop-rows", "mean"]),
  )
  .option("--header", "csv: the first line names the columns, though it may look like data")
  .option("--no-header", "csv: the first line is data; columns go by number, from 1")
  .option("--separator <character>", "csv: between cells, or tab; default: a comma")
  .option("--decimal-comma", "csv: numbers are written like 0,5")
  .option("--zero-based", "libsvm: indices count from 0")
  .addOption(
    new Option(
      "--labels <kind>",
      "two classes (any two values, the larger or later is +1), several, or real targets for regression; default: binary, of idx: classes",
    ).choices(["binary", "classes", "real"]),
  )
  .option(
    "--like <name>",
    "read it as this data set was: its features, by name, its constants and labels; for rows to test on",
  )
  .option(
    "--label-file <path>",
    "idx, npy: the file of labels; default: beside it by its usual name (train-labels-idx1-ubyte.gz, y_train.npy)",
  )
  .option("--array <name>", "npz: the array of rows; default: x, data, images or features")
  .option("--label-array <name>", "npz: the array of labels; default: y, labels or target")
  .option(
    "--shape <lengths>",
    "store all entries of a row, as images of this shape, e.g. 28,28,1; default: sparse, of arrays their own",
  )
  .option(
    "--divide <number>",
    "divide all values by it; default: of images of bytes 255, else 1",
    positiveNumber,
  )
  .option(
    "--dimension <d>",
    "number of features, when larger than the largest index in the file",
    positiveInteger,
  )
  .option(
    "--positive <label>",
    "the label that becomes +1, against all others, of which there may be several",
  )
  .option("--standardize", "every feature to mean 0 and deviation 1 (stores all cells)")
  .option("--scale", "every feature by its largest size, to at most 1 (keeps zeros)")
  .option("--intercept", "add a feature that is 1 in every row, the last one")
  .option("--shuffle <seed>", "mix the rows; the same seed gives the same order", seed)
  .addOption(new Option("--sort <by>", "rows in order of their labels").choices(["label"]))
  .option(
    "--partition <kind>",
    "dirichlet:ALPHA: clients that differ in their labels, the more the smaller ALPHA; with --clients and --shuffle",
  )
  .option("--clients <n>", "workers that --partition makes its shards for", positiveInteger)
  .option("--replace", "take the place of a data set of this name")
  .description("import a data set")
  .action(async (files: string[], options) =>
    (await import("../actions/data-import.ts")).importFiles(files, options),
  );
