/** Rows that are treated as those of another data set were: features in its order, its constants, its labels. */
import { MarinaError } from "../../base/index.ts";
import { DenseRows } from "../formats/dense-rows.ts";
import type { RowSource } from "../formats/row-source.ts";
import type { Manifest } from "../manifest.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import { RowsOf } from "./rows-of.ts";

const SHOWN_CHARACTERS = 60;

export class LikeRows extends RowsOf {
  readonly #name: string;
  readonly #like: Manifest;
  /** Features of the file, without the constant one. */
  readonly #own: number;
  readonly #labels = new Map<number, number>();

  /** @param name what the file is called in errors. */
  constructor(source: RowSource, name: string, like: Manifest) {
    super(source);
    this.#name = name;
    this.#like = like;
    this.#own = like.featureCount - (like.reading?.intercept === true ? 1 : 0);
  }

  override get columns(): number {
    return this.#like.featureCount;
  }

  override get features(): readonly string[] | undefined {
    return this.#like.features?.names;
  }

  override async *rows(): AsyncGenerator<RowBatch> {
    let order: Int32Array | undefined;
    let known = false;
    const rows = new DenseRows();
    const scratch = new Float64Array(this.#own);
    for await (const batch of this.source.rows()) {
      if (!known) order = this.#columnOrder();
      known = true;
      for (let row = 0; row < batch.labels.length; row++) {
        this.#addRow(batch, row, order, scratch, rows);
        if (rows.enough) yield rows.take();
      }
    }
    if (rows.count > 0) yield rows.take();
  }

  #addRow(
    batch: RowBatch,
    row: number,
    order: Int32Array | undefined,
    scratch: Float64Array,
    rows: DenseRows,
  ): void {
    const { means, offsets, scales } = this.#like.features ?? {};
    const line = batch.firstLine + batch.lines[row]!;
    scratch.fill(0);
    for (let at = batch.offsets[row]!; at < batch.offsets[row + 1]!; at++) {
      const column = batch.indices[at]!;
      const feature = order === undefined ? column : order[column]!;
      if (feature >= this.#own) {
        throw new MarinaError(
          "data",
          `${this.place(line)}: expected the ${this.#own} features of "${this.#like.name}", got index ${column + 1}`,
        );
      }
      scratch[feature] = batch.values === null ? 1 : batch.values[at]!;
    }
    for (let j = 0; j < this.#own; j++) {
      const value = scratch[j]!;
      const there = means !== undefined && Number.isNaN(value) ? means[j]! : value;
      rows.feature(j, (there - (offsets?.[j] ?? 0)) / (scales?.[j] ?? 1));
    }
    if (this.#own < this.#like.featureCount) rows.feature(this.#own, 1);
    rows.label(this.#labelOf(batch.labels[row]!, line));
    rows.endRow(line);
  }

  /** Column of the file -> feature; undefined where they go by number. @throws MarinaError "data" for other features. */
  #columnOrder(): Int32Array | undefined {
    const { name, features } = this.#like;
    const [got, columns] = [this.source.features, this.source.columns];
    const names = features?.names?.slice(0, this.#own);
    if (names === undefined || got === undefined || names.length < this.#own) {
      if (columns === undefined || columns === this.#own) return undefined;
      throw new MarinaError(
        "data",
        `${this.#name}: expected the ${this.#own} features of "${name}", got ${columns}`,
      );
    }
    const places = new Map(names.map((feature, place) => [feature, place]));
    const missing = names.find((feature) => !got.includes(feature));
    if (missing !== undefined) {
      throw new MarinaError(
        "data",
        `${this.#name}: expected the features of "${name}", there is no column ${JSON.stringify(missing)}`,
      );
    }
    const more = got.find((feature) => !places.has(feature));
    if (more !== undefined) {
      throw new MarinaError(
        "data",
        `${this.#name}: expected the features of "${name}", got the further column ${JSON.stringify(more)}; leave it out with --drop`,
      );
    }
    return Int32Array.from(got, (feature) => places.get(feature)!);
  }

  #labelOf(label: number, line: number): number {
    const { labels, reading } = this.#like;
    if (labels.kind === "real") return label;
    const known = this.#labels.get(label);
    if (known !== undefined) return known;
    const text = this.source.labelWords?.get(label) ?? String(label);
    const number = String(Number(text));
    const one = (name: string): boolean => name === text || name === number;
    const of = ((): number | undefined => {
      if (labels.kind === "classes") {
        const place = labels.names.findIndex(one);
        return place === -1 ? undefined : place;
      }
      const { words, positive, negative } = labels;
      if (one(words?.positive ?? String(positive))) return positive;
      if (reading?.positive !== undefined || one(words?.negative ?? String(negative))) return negative;
      return undefined;
    })();
    if (of === undefined) {
      const names =
        labels.kind === "classes"
          ? labels.names
          : [labels.words?.negative ?? labels.negative, labels.words?.positive ?? labels.positive];
      const shown = names.map((name) => JSON.stringify(name)).join(", ");
      throw new MarinaError(
        "data",
        `${this.place(line)}: expected a label of "${this.#like.name}" (${shown.slice(0, 5 * SHOWN_CHARACTERS)}), got ${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}`,
      );
    }
    this.#labels.set(label, of);
    return of;
  }
}
