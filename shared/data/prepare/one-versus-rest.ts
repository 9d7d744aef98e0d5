/** One class against all others: its label becomes +1, every other one -1. */
import { MarinaError } from "../../base/index.ts";
import type { RowSource } from "../formats/row-source.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import { RowsOf } from "./rows-of.ts";

const SHOWN_LABELS = 20;

export class OneVersusRest extends RowsOf {
  readonly #name: string;
  readonly #positive: string;
  /** By label as the source has it. */
  readonly #mapped = new Map<number, 1 | -1>();

  /**
   * @param name what the file is called in errors.
   * @param positive the label, as the file writes it.
   */
  constructor(source: RowSource, name: string, positive: string) {
    super(source);
    this.#name = name;
    this.#positive = positive;
  }

  override get labelWords(): ReadonlyMap<number, string> {
    const others = [...this.#mapped].filter(([, sign]) => sign === -1).map(([label]) => this.#text(label));
    return new Map([
      [1, this.#positive],
      [-1, others.length === 1 ? others[0]! : `not ${this.#positive}`],
    ]);
  }

  override async *rows(): AsyncGenerator<RowBatch> {
    for await (const batch of this.source.rows()) {
      yield { ...batch, labels: batch.labels.map((label) => this.#sign(label)) };
    }
    if (this.#mapped.size === 0 || [...this.#mapped.values()].includes(1)) return;
    const labels = [...this.#mapped.keys()]
      .slice(0, SHOWN_LABELS)
      .map((label) => JSON.stringify(this.#text(label)));
    const more = this.#mapped.size > SHOWN_LABELS ? `, and ${this.#mapped.size - SHOWN_LABELS} more` : "";
    throw new MarinaError(
      "data",
      `${this.#name}: expected rows with the label ${JSON.stringify(this.#positive)} (--positive), got ${labels.join(", ")}${more}`,
    );
  }

  #sign(label: number): 1 | -1 {
    const known = this.#mapped.get(label);
    if (known !== undefined) return known;
    const words = this.source.labelWords;
    const is = words === undefined ? label === numberOf(this.#positive) : words.get(label) === this.#positive;
    const sign = is ? 1 : -1;
    this.#mapped.set(label, sign);
    return sign;
  }

  #text(label: number): string {
    return this.source.labelWords?.get(label) ?? String(label);
  }
}

/** As tables read it; NaN for what is no number. */
function numberOf(text: string): number {
  if (/^true$/i.test(text)) return 1;
  if (/^false$/i.test(text)) return 0;
  return text.trim() === "" ? Number.NaN : Number(text);
}
