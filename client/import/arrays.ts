/** Which array holds the rows and which one the labels: of two files, or of the arrays in one. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectFiles } from "../../shared/cloud/aws/index.ts";
import type { Reading } from "../../shared/data/index.ts";
import { type Input, oneFile } from "./input.ts";
import type { InputFile } from "./input-file.ts";
import type { ReadingOptions } from "./reading.ts";

interface ArrayStream {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface ChosenArrays {
  readonly data: ArrayStream;
  readonly labels: ArrayStream;
  /** Path of the labels, where they are in a file of their own. */
  readonly labelFile: string | undefined;
  /** What was chosen though nothing was said of it. */
  readonly notices: readonly string[];
}

/** What arrays of rows and of labels are called, in files of numpy and beside them. */
const DATA_NAMES = ["x", "data", "images", "features"];
const LABEL_NAMES = ["y", "labels", "label", "target", "targets"];
const SHOWN_NAMES = 10;

type Options = Pick<ReadingOptions, "labelFile" | "array" | "labelArray">;

/**
 * Undefined for formats that are no arrays.
 * @throws MarinaError "usage" where it can't be told which is which, with the names there are.
 */
export async function chooseArrays(
  paths: readonly string[],
  { files }: Input,
  format: Reading["format"],
  options: Options,
  s3: () => Promise<ObjectFiles>,
): Promise<ChosenArrays | undefined> {
  if (format !== "idx" && format !== "npy") return undefined;
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) {
    throw new MarinaError(
      "usage",
      `--format ${format}: expected one file of rows, got ${files.length}; the labels go with --label-file`,
    );
  }
  const data = dataOf(file, options.array);
  const inside = options.labelFile === undefined ? labelsIn(file, data.key, options.labelArray) : undefined;
  if (inside !== undefined) return { data, labels: inside, labelFile: undefined, notices: [] };
  const path = options.labelFile ?? beside(paths[0]!, file);
  const labelFile = await oneFile(path, s3);
  const found = `labels: ${path}, found beside it`;
  return {
    data,
    labels: labelsOf(labelFile, options.labelArray),
    labelFile: path,
    notices: options.labelFile === undefined ? [found] : [],
  };
}

function dataOf(
  file: InputFile,
  array: string | undefined,
): ArrayStream & { readonly key: string | undefined } {
  const { arrays, name } = file;
  if (arrays === undefined) {
    if (array !== undefined) throw single(name, "--array", array);
    return { name, chunks: file.stream(), key: undefined };
  }
  const key = array ?? theOne(arrays, DATA_NAMES);
  const open = key === undefined ? undefined : arrays.get(key);
  if (key === undefined || open === undefined) {
    throw choose(name, arrays, array === undefined ? "--array NAME, the array of rows" : `--array ${array}`);
  }
  return { name: `${name}: ${key}`, chunks: open(), key };
}

/** Undefined where the file has no array but that of the rows. */
function labelsIn(
  file: InputFile,
  data: string | undefined,
  labelArray: string | undefined,
): ArrayStream | undefined {
  const { arrays, name } = file;
  if (arrays === undefined || (arrays.size === 1 && labelArray === undefined)) return undefined;
  const key = labelArray ?? theOne(arrays, LABEL_NAMES) ?? otherOf(arrays, data);
  const open = key === undefined ? undefined : arrays.get(key);
  if (key === undefined || open === undefined) {
    const what =
      labelArray === undefined ? "--label-array NAME, the array of labels" : `--label-array ${labelArray}`;
    throw choose(name, arrays, what);
  }
  return { name: `${name}: ${key}`, chunks: open() };
}

function labelsOf(file: InputFile, labelArray: string | undefined): ArrayStream {
  const { arrays, name } = file;
  if (arrays === undefined) {
    if (labelArray !== undefined) throw single(name, "--label-array", labelArray);
    return { name, chunks: file.stream() };
  }
  const [only] = arrays.size === 1 ? arrays.keys() : [];
  const key = labelArray ?? theOne(arrays, LABEL_NAMES) ?? only;
  const open = key === undefined ? undefined : arrays.get(key);
  if (key === undefined || open === undefined)
    throw choose(name, arrays, "--label-array NAME, the array of labels");
  return { name: `${name}: ${key}`, chunks: open() };
}

function theOne(arrays: ReadonlyMap<string, unknown>, names: readonly string[]): string | undefined {
  const found = [...arrays.keys()].filter((key) => names.includes(key.toLowerCase()));
  return found.length === 1 ? found[0] : undefined;
}

/** Of two arrays, the one that does not hold the rows. */
function otherOf(arrays: ReadonlyMap<string, unknown>, data: string | undefined): string | undefined {
  const others = [...arrays.keys()].filter((key) => key !== data);
  return others.length === 1 ? others[0] : undefined;
}

function single(name: string, option: string, array: string): MarinaError {
  return new MarinaError(
    "usage",
    `${option} ${array}: ${name} is one array, expected several (.npz) with it`,
  );
}

function choose(name: string, arrays: ReadonlyMap<string, unknown>, what: string): MarinaError {
  const names = [...arrays.keys()];
  const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : "";
  return new MarinaError(
    "usage",
    `${name}: expected ${what}, among ${names.slice(0, SHOWN_NAMES).join(", ")}${more}`,
  );
}

/** The file of labels by its usual name. @throws MarinaError "usage" where there is none, or more than one. */
function beside(path: string, { name }: InputFile): string {
  const local = path !== "-" && !/^s3:/i.test(path);
  const candidates = local ? usualNames(basename(path)) : [];
  const found = candidates
    .map((candidate) => join(dirname(path), candidate))
    .filter((one) => existsSync(one));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const why =
    only !== undefined
      ? `: there are ${found.map((one) => basename(one)).join(" and ")}`
      : candidates.length > 0
        ? ` (there is no ${candidates[0]} beside it)`
        : "";
  throw new MarinaError("usage", `${name}: expected --label-file PATH, the file of its labels${why}`);
}

/** `train-images-idx3-ubyte.gz`: `train-labels-idx1-ubyte.gz`, or without `.gz`. `X_train.npy`: `y_train.npy`. */
export function usualNames(name: string): string[] {
  const bare = name.replace(/\.gz$/i, "");
  const pairs: readonly [RegExp, string][] = [
    [/images([-.])idx\d/i, "labels$1idx1"],
    [/(^|[-_.])images(?=[-_.])/i, "$1labels"],
    [/(^|[-_.])data(?=[-_.])/i, "$1labels"],
    [/(^|[-_.])data(?=[-_.])/i, "$1target"],
    [/(^|[-_.])x(?=[-_.])/i, "$1y"],
  ];
  const names = pairs
    .filter(([pattern]) => pattern.test(bare))
    .map(([pattern, by]) => bare.replace(pattern, by));
  return [...new Set(names)].flatMap((one) => [one, `${one}.gz`]);
}
