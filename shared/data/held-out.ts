/** Do rows to test on mean what the rows trained on mean? */
import { MARINA, MarinaError } from "../base/index.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Features and labels have to agree, and the constants that they were made with: rows of another scale give a loss that
 * means nothing.
 * @param place where the held-out data are named, for errors
 * @throws MarinaError "spec" that says what differs, and what to do.
 */
export function checkHeldOut(train: Manifest, held: Manifest, place: string): void {
  const difference = differenceOf(train, held);
  if (difference === undefined) return;
  throw new MarinaError(
    "spec",
    `${place}: expected rows like those of "${train.name}", "${held.name}" has ${difference}; import it as that data set was: ${MARINA} data import FILE --like ${train.name} --name ${held.name} --replace`,
  );
}

function differenceOf(train: Manifest, held: Manifest): string | undefined {
  if (train.featureCount !== held.featureCount)
    return `${held.featureCount} features, not ${train.featureCount}`;
  return featuresOf(train, held) ?? valuesOf(train, held) ?? labelsOf(train, held);
}

function featuresOf({ features: train }: Manifest, { features: held }: Manifest): string | undefined {
  const [expected, got] = [train?.names, held?.names];
  if (expected === undefined || got === undefined) return undefined;
  const at = expected.findIndex((name, j) => name !== got[j]);
  if (at === -1) return undefined;
  return `${JSON.stringify(got[at] ?? "no name")} as feature ${at + 1}, not ${JSON.stringify(expected[at])}`;
}

/** What was done to the values, or is when they are read. */
function valuesOf(train: Manifest, held: Manifest): string | undefined {
  for (const [constants, what] of [
    ["means", "means for missing cells"],
    ["offsets", "offsets of its features"],
    ["scales", "scales of its features"],
  ] as const) {
    const [expected, got] = [train.features?.[constants], held.features?.[constants]];
    // Cells that are not missing need no means.
    if (expected === undefined && got === undefined) continue;
    if (constants === "means" && got === undefined) continue;
    if (expected === undefined || got === undefined) return `${got === undefined ? "no" : "own"} ${what}`;
    if (expected.some((value, j) => value !== got[j])) return `other ${what}`;
  }
  if ((train.reading?.intercept === true) !== (held.reading?.intercept === true)) {
    return train.reading?.intercept === true ? "no constant feature" : "a constant feature";
  }
  const scale = ({ dense }: Manifest) => `${dense?.scale ?? 1} * value + ${dense?.offset ?? 0}`;
  return scale(train) === scale(held) ? undefined : `values of ${scale(held)}, not ${scale(train)}`;
}

function labelsOf({ labels: train }: Manifest, { labels: held }: Manifest): string | undefined {
  if (train.kind !== held.kind) return `labels of the kind ${held.kind}, not ${train.kind}`;
  if (train.kind === "classes" && held.kind === "classes") {
    const same =
      train.names.length === held.names.length && train.names.every((name, c) => name === held.names[c]);
    return same ? undefined : `${held.names.length} other classes than its ${train.names.length}`;
  }
  if (train.kind !== "binary" || held.kind !== "binary") return undefined;
  const textOf = ({ words, negative, positive }: typeof train) =>
    `${words?.positive ?? positive} as +1 and ${words?.negative ?? negative} as -1`;
  const [expected, got] = [textOf(train), textOf(held)];
  return expected === got ? undefined : `the labels ${got}, not ${expected}`;
}
