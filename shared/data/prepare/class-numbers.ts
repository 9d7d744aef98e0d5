/** Labels of more than two kinds: the classes' names, and which number each label becomes. */
import { MarinaError } from "../../base/index.ts";
import { MOST_CLASSES } from "../formats/class-words.ts";
import { DECIMAL } from "../formats/decimal.ts";

export interface ClassNumbers {
  /** In the order of their numbers, 0 .. names.length - 1: by value where all are numbers, else by code points. */
  readonly names: readonly string[];
  /** A class's number, by label as the source has it. */
  readonly numbers: ReadonlyMap<number, number>;
}

const SHOWN_CHARACTERS = 60;

/**
 * @param labels of all rows.
 * @param words what they stand for, where they are words. Words that are all decimal numbers are numbers: 1 and 1.0 are one class.
 * @param known names of another data set, whose classes these are to be.
 * @throws MarinaError "data" for more than 10,000 classes, for a single one, and for one that is not known.
 */
export function classNumbers(
  labels: Float64Array,
  words: ReadonlyMap<number, string> | undefined,
  source: string,
  known?: readonly string[],
): ClassNumbers {
  const seen = new Set<number>();
  for (const label of labels) {
    seen.add(label);
    if (seen.size > MOST_CLASSES) {
      throw new MarinaError(
        "data",
        `${source}: expected at most ${MOST_CLASSES} classes (--labels classes), got more different labels; numbers to predict: --labels real`,
      );
    }
  }
  const texts = new Map([...seen].map((label) => [label, words?.get(label) ?? String(label)]));
  const numeric = [...texts.values()].every((text) => DECIMAL.test(text));
  const nameOf = (text: string): string => (numeric ? String(Number(text)) : text);
  const order = numeric ? (a: string, b: string) => Number(a) - Number(b) : byCodePoint;
  const names = known ?? [...new Set([...texts.values()].map(nameOf))].sort(order);
  if (known === undefined && names.length < 2) {
    throw new MarinaError(
      "data",
      `${source}: expected at least two classes (--labels classes), got ${names.map((name) => JSON.stringify(name)).join() || "no rows"}`,
    );
  }
  const places = new Map(names.map((name, number) => [name, number]));
  const numbers = new Map<number, number>();
  for (const [label, text] of texts) {
    const number = places.get(nameOf(text)) ?? places.get(text);
    if (number === undefined) {
      throw new MarinaError(
        "data",
        `${source}: expected labels among ${names
          .map((name) => JSON.stringify(name))
          .join(", ")
          .slice(0, 5 * SHOWN_CHARACTERS)}, got ${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}`,
      );
    }
    numbers.set(label, number);
  }
  return { names, numbers };
}

/** JavaScript compares UTF-16 code units, in which characters beyond the first 65,536 come before some within. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
