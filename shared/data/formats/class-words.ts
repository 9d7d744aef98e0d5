/** Classes whose labels are words, as numbers whose order is that of the words. */
import { MarinaError } from "../../base/index.ts";

const SHOWN_CHARACTERS = 60;
/** A column of more is hardly one of classes. */
export const MOST_CLASSES = 10_000;

/**
 * The first word is 0; the second one is 1 or -1, so that it is the larger number where it is the later word. So the order
 * of the rows does not change which class becomes +1, and rows can be stored before the second word is known.
 */
export class ClassWords {
  readonly #codes = new Map<string, number>();
  readonly #many: boolean;
  #kind: "numbers" | "words" | undefined;

  /** @param many more than two are expected; their numbers then have no order. */
  constructor(many = false) {
    this.#many = many;
  }

  /** Are the labels words? undefined before the first one. */
  get kind(): "numbers" | "words" | undefined {
    return this.#kind;
  }

  /** @param where it was found out, for errors. @throws MarinaError "data" when another file has labels of the other kind. */
  setKind(kind: "numbers" | "words", where: string): void {
    if (this.#kind !== undefined && this.#kind !== kind) {
      throw new MarinaError(
        "data",
        `${where}: expected labels that are ${this.#kind} as before, got ${kind}`,
      );
    }
    this.#kind = kind;
  }

  /**
   * The word's number.
   * @param where it stands, for errors. @throws MarinaError "data" for a third word.
   */
  code(word: string, where: string): number {
    const known = this.#codes.get(word);
    if (known !== undefined) return known;
    if (this.#many) return this.#newCode(word, where);
    const [first, second] = this.#codes.keys();
    if (second !== undefined) {
      throw new MarinaError(
        "data",
        `${where}: expected one of the two labels seen before, ${JSON.stringify(first)} and ${JSON.stringify(second)}, ` +
          `got ${JSON.stringify(word.slice(0, SHOWN_CHARACTERS))}; more than two classes: --labels classes, or one against the others (--positive LABEL)`,
      );
    }
    const code = first === undefined ? 0 : word > first ? 1 : -1;
    this.#codes.set(word, code);
    return code;
  }

  #newCode(word: string, where: string): number {
    const code = this.#codes.size;
    if (code >= MOST_CLASSES) {
      throw new MarinaError(
        "data",
        `${where}: expected at most ${MOST_CLASSES} different labels, got ${JSON.stringify(word.slice(0, SHOWN_CHARACTERS))} as a further one; is it a column of classes?`,
      );
    }
    this.#codes.set(word, code);
    return code;
  }

  /** The words seen, by number; undefined where labels are numbers. */
  get words(): ReadonlyMap<number, string> | undefined {
    if (this.#kind !== "words") return undefined;
    return new Map([...this.#codes].map(([word, code]) => [code, word]));
  }
}
