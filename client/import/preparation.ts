/** From the options of `marina data import` to what is done to the rows of a file, whatever its format. */
import { MarinaError } from "../../shared/base/index.ts";
import type { LabelKind, Reading, RowOrder } from "../../shared/data/index.ts";

export interface PreparationOptions {
  readonly labels?: LabelKind;
  /** The label that becomes +1. */
  readonly positive?: string;
  readonly standardize?: boolean;
  readonly scale?: boolean;
  readonly intercept?: boolean;
  /** A seed. */
  readonly shuffle?: number;
  readonly sort?: "label";
  /** `dirichlet:ALPHA`, among so many clients. */
  readonly partition?: string;
  readonly clients?: number;
  /** Of a row: lengths, comma-separated. */
  readonly shape?: string;
  /** What values are divided by. */
  readonly divide?: number;
}

type Prepared = Pick<Reading, "positive" | "scaling" | "intercept" | "order" | "shape" | "divide">;

const MOST_AXES = 4;

/** @throws MarinaError "usage" for options that exclude one another, or lack one another. */
export function preparationOf(options: PreparationOptions): Prepared {
  const { labels, positive, partition, standardize = false, scale = false, intercept } = options;
  if (labels === "real" && (positive !== undefined || partition !== undefined)) {
    const option = positive === undefined ? "--partition" : "--positive";
    throw usage(`${option}: expected --labels binary with it: real labels are no classes`);
  }
  if (labels === "classes" && positive !== undefined) {
    throw usage("--positive: expected without --labels classes: it makes two classes of all");
  }
  if (options.shape !== undefined && intercept === true) {
    throw usage(
      "--shape and --intercept: expected one of them, not both: one more feature has no place in a shape",
    );
  }
  if (standardize && scale) throw usage("--standardize and --scale: expected one of them, not both");
  const order = orderOf(options);
  return {
    ...(positive === undefined ? {} : { positive }),
    ...(standardize ? { scaling: "standardize" } : scale ? { scaling: "max-abs" } : {}),
    ...(intercept === true ? { intercept } : {}),
    ...(order === undefined ? {} : { order }),
    ...(options.shape === undefined ? {} : { shape: shapeOf(options.shape) }),
    ...(options.divide === undefined ? {} : { divide: options.divide }),
  };
}

function shapeOf(text: string): number[] {
  const shape = text.split(/[,x]/).map(Number);
  if (shape.length <= MOST_AXES && shape.every((length) => Number.isSafeInteger(length) && length >= 1))
    return shape;
  throw usage(
    `--shape: expected 1 to ${MOST_AXES} lengths separated by commas, e.g. 28,28,1, got ${JSON.stringify(text)}`,
  );
}

/** @throws MarinaError "usage" for orders that exclude one another, and for a partition without its clients or seed. */
function orderOf({ shuffle, sort, partition, clients }: PreparationOptions): RowOrder | undefined {
  if (sort !== undefined && (shuffle !== undefined || partition !== undefined)) {
    throw usage(
      `--sort and ${shuffle === undefined ? "--partition" : "--shuffle"}: expected one of them, not both`,
    );
  }
  if (sort !== undefined) return { by: sort };
  if (partition === undefined) {
    if (clients !== undefined) throw usage("--clients: expected --partition dirichlet:ALPHA with it");
    return shuffle === undefined ? undefined : { by: "shuffle", seed: shuffle };
  }
  const alpha = Number(/^dirichlet:(.+)$/.exec(partition)?.[1]);
  if (!(alpha > 0 && alpha < Infinity)) {
    throw usage(
      `--partition: expected dirichlet:ALPHA with a positive number, got ${JSON.stringify(partition)}`,
    );
  }
  if (clients === undefined)
    throw usage("--partition: expected --clients <n> with it, the workers it is made for");
  if (shuffle === undefined)
    throw usage("--partition: expected --shuffle <seed> with it, which it is drawn with");
  return { by: "dirichlet", alpha, clients, seed: shuffle };
}

function usage(message: string): MarinaError {
  return new MarinaError("usage", message);
}
