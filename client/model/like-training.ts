/**
 * Rows of another data set, made as those of the training set are: x belongs to features that were shifted and scaled by
 * constants of the training set, and perhaps to a constant one.
 */
import { MarinaError } from "../../shared/base/index.ts";
import type { Manifest } from "../../shared/data/index.ts";
import type { Shard } from "../../shared/problems/index.ts";

/** From a shard as it is stored to one that x belongs to. */
export type Preparation = (shard: Shard) => Shard;

/**
 * How rows of `other` become rows like those of `training`. Rows that were imported as they are get the training set's offsets,
 * scales and constant feature; those of a set with the same constants stay as they are.
 * @throws MarinaError "usage" for a set of other features or classes, or one that was prepared with constants of its own.
 */
export function likeTraining(training: Manifest, other: Manifest): Preparation {
  checkClasses(training, other);
  checkFeatures(training, other);
  const [expected, got] = [constantsOf(training), constantsOf(other)];
  if (got.intercept && !expected.intercept) {
    throw refused(training, other, "has a constant feature (--intercept), which the training set has not");
  }
  const isPlain = got.offsets === undefined && got.scales === undefined;
  const isSame = equal(got.offsets, expected.offsets) && equal(got.scales, expected.scales);
  if (!isPlain && !isSame) {
    throw refused(
      training,
      other,
      expected.scales === undefined
        ? "was scaled (--standardize or --scale), which the training set was not"
        : "was scaled by constants of its own",
    );
  }
  const offsets = isSame ? undefined : expected.offsets;
  const scales = isSame ? undefined : expected.scales;
  const addIntercept = expected.intercept && !got.intercept;
  if (
    offsets === undefined &&
    scales === undefined &&
    !addIntercept &&
    training.featureCount === other.featureCount
  )
    return (shard) => shard;
  const columns = ownFeatures(training);
  const held = ownFeatures(other);
  return (shard) => prepared(shard, { columns, held, offsets, scales, intercept: expected.intercept });
}

interface Constants {
  readonly offsets: readonly number[] | undefined;
  readonly scales: readonly number[] | undefined;
  readonly intercept: boolean;
}

function constantsOf({ features, reading }: Manifest): Constants {
  return {
    offsets: features?.offsets,
    scales: features?.scales,
    intercept: reading?.intercept === true,
  };
}

/** Features of the file: not the constant one. */
function ownFeatures(manifest: Manifest): number {
  return manifest.featureCount - (constantsOf(manifest).intercept ? 1 : 0);
}

function equal(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((value, j) => Object.is(value, b[j]));
}

function refused(training: Manifest, other: Manifest, what: string): MarinaError {
  return new MarinaError(
    "usage",
    `data set "${other.name}" ${what}: expected rows as they are in their file, or prepared with the constants of "${training.name}"; import it without --standardize, --scale and --intercept`,
  );
}

function checkFeatures(training: Manifest, other: Manifest): void {
  const [expected, got] = [ownFeatures(training), ownFeatures(other)];
  const names = training.features?.names?.slice(0, expected);
  const found = other.features?.names?.slice(0, got);
  if (names !== undefined && found !== undefined) {
    const at = names.findIndex((name, j) => name !== found[j]);
    if (at >= 0) {
      throw new MarinaError(
        "usage",
        `data set "${other.name}": expected ${JSON.stringify(names[at])} as feature ${at + 1}, as in "${training.name}", got ${found[at] === undefined ? `${got} features` : JSON.stringify(found[at])}; give the same columns in the same order (marina data import --columns, --drop)`,
      );
    }
  }
  // LIBSVM text does not write features that are 0 in every row: a smaller number of them says nothing.
  const mayBeFewer = names === undefined && found === undefined;
  if (got === expected || (mayBeFewer && got < expected)) return;
  throw new MarinaError(
    "usage",
    `data set "${other.name}": expected ${expected} features, as "${training.name}" has, got ${got}`,
  );
}

function checkClasses({ name, labels: expected }: Manifest, { name: other, labels: got }: Manifest): void {
  if (expected.kind !== got.kind) {
    throw new MarinaError(
      "usage",
      `data set "${other}": expected labels of the kind ${expected.kind}, as "${name}" has, got ${got.kind}; import it with --labels ${expected.kind}`,
    );
  }
  if (expected.kind !== "binary" || got.kind !== "binary") return;
  const [before, now] = [classNames(expected), classNames(got)];
  if (before.negative === now.negative && before.positive === now.positive) return;
  throw new MarinaError(
    "usage",
    `data set "${other}": expected the classes ${before.negative} and ${before.positive}, as "${name}" has, got ${now.negative} and ${now.positive}`,
  );
}

/** As they are in the file. */
export function classNames({ words, negative, positive }: Extract<Manifest["labels"], { kind: "binary" }>) {
  return words ?? { negative: String(negative), positive: String(positive) };
}

interface Changes {
  /** Features of the training set's file, and of the other's. */
  readonly columns: number;
  readonly held: number;
  readonly offsets: readonly number[] | undefined;
  readonly scales: readonly number[] | undefined;
  /** In the result: the last feature, 1 in every row. */
  readonly intercept: boolean;
}

/** (x - offset)/scale for every feature: with offsets every cell is an entry. The arithmetic is that of the import. */
function prepared(shard: Shard, { columns, held, offsets, scales, intercept }: Changes): Shard {
  const { rows, labels } = shard;
  const base = shard.offsets[0]!;
  const stored = shard.offsets[rows]! - base;
  const most = (offsets === undefined ? stored : rows * columns) + (intercept ? rows : 0);
  const indices = new Uint32Array(most);
  const values = new Float64Array(most);
  const starts = new Uint32Array(rows + 1);
  let at = 0;
  const put = (column: number, value: number): void => {
    indices[at] = column;
    values[at++] = value;
  };
  const feature = (column: number, value: number): void =>
    put(column, (value - (offsets?.[column] ?? 0)) / (scales?.[column] ?? 1));
  for (let row = 0; row < rows; row++) {
    let next = 0;
    for (let entry = shard.offsets[row]! - base; entry < shard.offsets[row + 1]! - base; entry++) {
      const column = shard.indices[entry]!;
      // The other set's constant feature, whose place may be another.
      if (column >= held) continue;
      if (offsets !== undefined) while (next < column) feature(next++, 0);
      feature(column, shard.values === null ? 1 : shard.values[entry]!);
      next = column + 1;
    }
    if (offsets !== undefined) while (next < columns) feature(next++, 0);
    if (intercept) put(columns, 1);
    starts[row + 1] = at;
  }
  return {
    rows,
    features: columns + (intercept ? 1 : 0),
    offsets: starts,
    indices: indices.subarray(0, at),
    values: values.subarray(0, at),
    labels,
  };
}
