/** How the rows of a file are read that shall be treated as those of a data set were. */
import { MarinaError } from "../../shared/base/index.ts";
import type { LabelKind, Manifest, Reading } from "../../shared/data/index.ts";
import type { ChosenArrays } from "./arrays.ts";
import { type PreparationOptions, preparationOf } from "./preparation.ts";
import { namesOf, type ReadingOptions } from "./reading.ts";

type Options = ReadingOptions & PreparationOptions & { readonly labels?: LabelKind };

/** What is said of the file itself, and of the order of its rows; all else comes from the data set. */

const READING = [
  ...["labels", "labelColumn", "columns", "missing", "header", "separator", "decimalComma"],
  ...["zeroBased", "dimension", "positive", "standardize", "scale", "intercept", "shape", "divide"],
] as const;

/**
 * The data set's reading, for another file.
 * @param format the file's, as it seems.
 * @throws MarinaError "usage" for options that the data set answers, and for a file of another format.
 */
export function readingLike(
  like: Manifest,
  format: Reading["format"],
  options: Options,
  arrays: ChosenArrays | undefined,
): Reading {
  const given = READING.find((option) => options[option as keyof Options] !== undefined);
  if (given !== undefined) {
    const flag = given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new MarinaError(
      "usage",
      `--like ${like.name}: expected without --${flag}, which comes from that data set`,
    );
  }
  const { reading } = like;
  if (reading === undefined) {
    throw new MarinaError(
      "usage",
      `--like ${like.name}: how that data set was read was not kept; import it again with --replace`,
    );
  }
  if (reading.format !== format) {
    throw new MarinaError(
      "usage",
      `--like ${like.name}: expected ${reading.format}, which that data set was read from, got ${format}`,
    );
  }
  const { order: _, like: inner = like.name, ...its } = reading;
  const { order } = preparationOf({
    ...(options.shuffle === undefined ? {} : { shuffle: options.shuffle }),
    ...(options.sort === undefined ? {} : { sort: options.sort }),
    ...(options.partition === undefined ? {} : { partition: options.partition }),
    ...(options.clients === undefined ? {} : { clients: options.clients }),
  });
  return {
    ...ofFile(its as Reading, options, arrays),
    like: inner,
    ...(order === undefined ? {} : { order }),
  };
}

/** Further columns are left out, and names of files and arrays are the file's own. */
function ofFile(
  reading: Reading,
  { array, labelArray, drop }: Options,
  arrays: ChosenArrays | undefined,
): Reading {
  const named = arrays?.labelFile === undefined ? {} : { labelFile: arrays.labelFile };
  switch (reading.format) {
    case "idx":
      return { ...reading, ...named };
    case "npy": {
      const { array: _array, labelArray: _labelArray, labelFile: _labelFile, ...its } = reading;
      return {
        ...its,
        ...(array === undefined ? {} : { array }),
        ...(labelArray === undefined ? {} : { labelArray }),
        ...named,
      };
    }
    case "csv":
    case "parquet": {
      const dropped = [...(reading.drop ?? []), ...(drop === undefined ? [] : namesOf(drop, "--drop"))];
      return dropped.length === 0 ? reading : { ...reading, drop: dropped };
    }
    case "libsvm":
      if (drop === undefined) return reading;
      throw new MarinaError("usage", "--drop: expected csv or parquet with it; LIBSVM has no columns");
  }
}
