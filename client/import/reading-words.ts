/** How a file was read, as options of `marina data import`. */
import type { Reading, RowOrder } from "../../shared/data/index.ts";

/** The words of a command line that read a file so. */
export function readingWords(reading: Reading): string[] {
  const words: string[] = [];
  if (reading.like !== undefined) return likeWords(reading, reading.like);
  switch (reading.format) {
    case "libsvm":
      if (reading.zeroBased === true) words.push("--zero-based");
      break;
    case "csv":
    case "parquet":
      words.push(...tableWords(reading));
      break;
    case "idx":
      words.push("--label-file", reading.labelFile);
      break;
    case "npy":
      if (reading.array !== undefined) words.push("--array", reading.array);
      if (reading.labelArray !== undefined) words.push("--label-array", reading.labelArray);
      if (reading.labelFile !== undefined) words.push("--label-file", reading.labelFile);
      break;
  }
  const dimension = "dimension" in reading ? reading.dimension : undefined;
  if (dimension !== undefined) words.push("--dimension", String(dimension));
  if (reading.shape !== undefined) words.push("--shape", reading.shape.join());
  if (reading.divide !== undefined) words.push("--divide", String(reading.divide));
  if (reading.positive !== undefined) words.push("--positive", reading.positive);
  if (reading.scaling !== undefined) words.push(reading.scaling === "max-abs" ? "--scale" : "--standardize");
  if (reading.intercept === true) words.push("--intercept");
  if (reading.order !== undefined) words.push(...orderWords(reading.order));
  return words;
}

/** How else the file was read comes from the other data set. */
function likeWords(reading: Reading, like: string): string[] {
  const words = ["--like", like];
  if ("drop" in reading) for (const name of reading.drop ?? []) words.push("--drop", listOf(name));
  if ("labelFile" in reading && reading.labelFile !== undefined)
    words.push("--label-file", reading.labelFile);
  if (reading.format === "npy") {
    if (reading.array !== undefined) words.push("--array", reading.array);
    if (reading.labelArray !== undefined) words.push("--label-array", reading.labelArray);
  }
  if (reading.order !== undefined) words.push(...orderWords(reading.order));
  return words;
}

function tableWords(reading: Reading & { readonly format: "csv" | "parquet" }): string[] {
  const words = ["--format", reading.format, "--label-column", reading.labelColumn];
  for (const name of reading.drop ?? []) words.push("--drop", listOf(name));
  for (const name of reading.columns ?? []) words.push("--columns", listOf(name));
  if (reading.missing !== undefined) words.push("--missing", reading.missing);
  if (reading.header !== undefined) words.push(reading.header ? "--header" : "--no-header");
  if (reading.separator !== undefined) {
    words.push("--separator", reading.separator === "\t" ? "tab" : reading.separator);
  }
  if (reading.decimalComma === true) words.push("--decimal-comma");
  return words;
}

function orderWords(order: RowOrder): string[] {
  switch (order.by) {
    case "shuffle":
      return ["--shuffle", String(order.seed)];
    case "label":
      return ["--sort", "label"];
    case "dirichlet":
      return [
        "--partition",
        `dirichlet:${order.alpha}`,
        "--clients",
        String(order.clients),
        "--shuffle",
        String(order.seed),
      ];
  }
}

/** One name as a list of names. */
function listOf(name: string): string {
  return /[",]|^\s|\s$|[\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
