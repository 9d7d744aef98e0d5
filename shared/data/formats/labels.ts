/** What the labels of a data set are, found while its rows stream by. */
import { MarinaError } from "../../base/index.ts";
import type { LabelKind, Manifest } from "../manifest.ts";

/** Sees every label once. */
export interface LabelCollector {
  /** @throws MarinaError "data" when this label can't belong to such a data set. */
  see(label: number, line: number): void;
  /** Call at the end. @throws MarinaError "data" when the labels seen can't be those of such a data set. */
  summary(): Manifest["labels"];
}

export function createLabelCollector(kind: LabelKind, source: string): LabelCollector {
  return kind === "binary" ? new TwoClasses(source) : new Reals();
}

class TwoClasses implements LabelCollector {
  readonly #source: string;
  #first = Number.NaN;
  #second = Number.NaN;
  #firsts = 0;
  #seconds = 0;

  constructor(source: string) {
    this.#source = source;
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
        `${this.#source}: line ${line}: expected one of the two labels seen before, ${this.#first} and ` +
          `${this.#second}, got ${label}; use --labels real for regression`,
      );
    }
  }

  summary(): Manifest["labels"] {
    if (this.#seconds === 0) {
      throw new MarinaError(
        "data",
        `${this.#source}: expected two label values for classification, got only ${this.#first}; ` +
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
