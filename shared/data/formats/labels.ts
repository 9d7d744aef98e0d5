/** What the labels of a data set are, found while its rows stream by. */
import { MarinaError } from "../../base/index.ts";
import type { LabelKind, Manifest } from "../manifest.ts";
import type { RowSource } from "./row-source.ts";

/** Sees every label once. */
export interface LabelCollector {
  /** @throws MarinaError "data" when this label can't belong to such a data set. */
  see(label: number, line: number): void;
  /** Call at the end. @throws MarinaError "data" when the labels seen can't be those of such a data set. */
  summary(): Manifest["labels"];
}

/**
 * @param name what the file is called in errors.
 * @param classNames asked at the end, where labels are the numbers of classes.
 * @param known labels of another data set, which the labels have become: there may be no row of some.
 */
export function createLabelCollector(
  kind: LabelKind,
  source: RowSource,
  name: string,
  classNames: () => readonly string[],
  known?: Manifest["labels"],
): LabelCollector {
  switch (kind) {
    case "binary":
      return known?.kind === "binary" ? new KnownClasses(known) : new TwoClasses(source, name);
    case "real":
      return new Reals();
    case "classes":
      return new Classes(known?.kind === "classes" ? () => known.names : classNames);
  }
}

class TwoClasses implements LabelCollector {
  readonly #source: RowSource;
  readonly #name: string;
  #first = Number.NaN;
  #second = Number.NaN;
  #firsts = 0;
  #seconds = 0;

  constructor(source: RowSource, name: string) {
    this.#source = source;
    this.#name = name;
  }

  see(label: number, line: number): void {
    if (label === this.#first) this.#firsts++;
    else if (label === this.#second) this.#seconds++;
    else if (this.#firsts === 0) {
      this.#first = label;
      this.#firsts = 1;
    } else if (this.#seconds === 0) {
      this.#second = label;
      this.#seconds = 1;
    } else {
      throw new MarinaError(
        "data",
        `${this.#source.place(line)}: expected one of the two labels seen before, ${this.#first} and ` +
          `${this.#second}, got ${label}; more than two classes: --labels classes, or one against the others (--positive ${label}); numbers to predict: --labels real`,
      );
    }
  }

  summary(): Manifest["labels"] {
    const words = this.#source.labelWords;
    if (this.#seconds === 0) {
      const only = words?.get(this.#first);
      throw new MarinaError(
        "data",
        `${this.#name}: expected two label values for classification, got only ${only === undefined ? this.#first : JSON.stringify(only)}; ` +
          "use --labels real for regression",
      );
    }
    const [first, second] = [
      { label: this.#first, count: this.#firsts },
      { label: this.#second, count: this.#seconds },
    ];
    const [low, high] = first.label < second.label ? [first, second] : [second, first];
    return {
      kind: "binary",
      negative: low.label,
      positive: high.label,
      negatives: low.count,
      positives: high.count,
      ...(words === undefined
        ? {}
        : { words: { negative: words.get(low.label)!, positive: words.get(high.label)! } }),
    };
  }
}

class Reals implements LabelCollector {
  #min = Infinity;
  #max = -Infinity;

  see(label: number): void {
    this.#min = Math.min(this.#min, label);
    this.#max = Math.max(this.#max, label);
  }

  summary(): Manifest["labels"] {
    return { kind: "real", min: this.#min, max: this.#max };
  }
}

class Classes implements LabelCollector {
  readonly #names: () => readonly string[];
  readonly #counts: number[] = [];

  constructor(names: () => readonly string[]) {
    this.#names = names;
  }

  see(label: number): void {
    this.#counts[label] = (this.#counts[label] ?? 0) + 1;
  }

  summary(): Manifest["labels"] {
    const names = this.#names();
    return { kind: "classes", names, counts: names.map((_, number) => this.#counts[number] ?? 0) };
  }
}

class KnownClasses implements LabelCollector {
  readonly #known: Manifest["labels"] & { readonly kind: "binary" };
  #negatives = 0;
  #positives = 0;

  constructor(known: Manifest["labels"] & { readonly kind: "binary" }) {
    this.#known = known;
  }

  see(label: number): void {
    if (label === this.#known.positive) this.#positives++;
    else this.#negatives++;
  }

  summary(): Manifest["labels"] {
    return { ...this.#known, negatives: this.#negatives, positives: this.#positives };
  }
}
