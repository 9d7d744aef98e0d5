/** Rows that are changed by what is known of all of them: they are put aside first, and then come as they are to be stored. */
import { MarinaError } from "../../base/index.ts";
import { DenseRows } from "../formats/dense-rows.ts";
import type { DenseSource, RowSource } from "../formats/row-source.ts";
import type { RowOrder } from "../manifest.ts";
import { outOfOrder, type RowBatch } from "../rows/row-batch.ts";
import { type ClassNumbers, classNumbers } from "./class-numbers.ts";
import {
  type ColumnConstants,
  ColumnSums,
  MOST_CONSTANTS,
  type Scaling,
  SquaredDeviations,
} from "./column-constants.ts";
import { rowOrder } from "./row-order.ts";
import { RowSpool } from "./row-spool.ts";
import { RowsOf } from "./rows-of.ts";

/** In this order: labels numbered, cells filled, features scaled, a constant one added, rows ordered. */
export interface Preparation {
  /** Missing cells, which come as NaN, become the mean of their column. */
  readonly fill: boolean;
  readonly scaling?: Scaling;
  /** One more feature, the last one, that is 1 in every row. */
  readonly intercept: boolean;
  readonly order?: RowOrder;
  /** Labels become the numbers of their classes. */
  readonly classes?: boolean;
  /** d without the constant feature, where it is larger than the file's. */
  readonly dimension?: number;
}

/** What the constant feature is called. */
const INTERCEPT = "(intercept)";

export class PreparedRows extends RowsOf {
  readonly #name: string;
  readonly #preparation: Preparation;
  readonly #onRows: (rows: number) => void;
  #largestIndex = 0;
  #constants: ColumnConstants = {};
  #classes: ClassNumbers | undefined;
  readonly #notices: string[] = [];

  /**
   * @param name what the file is called in errors.
   * @param onRows hears how many rows were put aside.
   */
  constructor(
    source: RowSource,
    name: string,
    preparation: Preparation,
    onRows: (rows: number) => void = () => {},
  ) {
    super(source);
    this.#name = name;
    this.#preparation = preparation;
    this.#onRows = onRows;
  }

  override get columns(): number {
    return this.#ownColumns + (this.#preparation.intercept ? 1 : 0);
  }

  override get features(): readonly string[] | undefined {
    const { features } = this.source;
    if (features === undefined || !this.#preparation.intercept) return features;
    return features.length === this.#ownColumns ? [...features, INTERCEPT] : undefined;
  }

  /** An image with one more entry is none. */
  override get dense(): DenseSource | undefined {
    const { dense } = this.source;
    return dense === undefined || !this.#preparation.intercept
      ? dense
      : { shape: [this.columns], image: false };
  }

  /** Once the first row has come; undefined where labels are not numbered. */
  get classNames(): readonly string[] | undefined {
    return this.#classes?.names;
  }

  /** Once the first row has come. */
  get constants(): ColumnConstants {
    return this.#constants;
  }

  override get notices(): readonly string[] {
    return [...this.source.notices, ...this.#notices];
  }

  override async *rows(): AsyncGenerator<RowBatch> {
    const { order, fill, scaling, intercept, classes = false } = this.#preparation;
    const spool = new RowSpool();
    try {
      const sums =
        fill || scaling !== undefined ? new ColumnSums((line) => this.source.place(line)) : undefined;
      for await (const batch of this.source.rows()) {
        sums?.see(batch);
        for (const index of batch.indices) if (index >= this.#largestIndex) this.#largestIndex = index + 1;
        spool.add(batch);
        this.#onRows(spool.rows);
      }
      if (sums !== undefined && spool.rows > 0) this.#constants = this.#constantsOf(sums, spool);
      if (classes) this.#classes = classNumbers(spool.labels, this.source.labelWords, this.#name);
      const batches = this.#numbered(
        spool.batches(order && rowOrder(order, this.#labelsOf(spool.labels), this.#name)),
      );
      yield* sums === undefined && !intercept ? batches : this.#changed(batches, order === undefined);
    } finally {
      spool.close();
    }
  }

  #labelsOf(labels: Float64Array): Float64Array {
    const numbers = this.#classes?.numbers;
    return numbers === undefined ? labels : labels.map((label) => numbers.get(label)!);
  }

  *#numbered(batches: Iterable<RowBatch>): Generator<RowBatch> {
    for (const batch of batches) yield { ...batch, labels: this.#labelsOf(batch.labels) };
  }

  /** d without the constant feature. */
  get #ownColumns(): number {
    return this.#preparation.dimension ?? this.source.columns ?? this.#largestIndex;
  }

  /** @throws MarinaError "data" for a column without any number, or with numbers too large to scale. */
  #constantsOf(sums: ColumnSums, spool: RowSpool): ColumnConstants {
    const { fill, scaling } = this.#preparation;
    if (this.#ownColumns > MOST_CONSTANTS) {
      throw new MarinaError(
        "limit",
        `${this.#name}: expected at most ${MOST_CONSTANTS} features where constants of each are kept (--missing mean, --standardize, --scale), got ${this.#ownColumns}`,
      );
    }
    const columns = Array.from({ length: this.#ownColumns }, (_, column) => column);
    const means = columns.map((column) => {
      const mean = sums.mean(column);
      if (mean === undefined) {
        throw new MarinaError(
          "data",
          `${this.#nameOf(column)}: expected numbers, every cell is missing: leave the column out (--drop)`,
        );
      }
      return this.#finite(mean, column);
    });
    const filled = fill ? { means } : {};
    if (scaling === undefined) return filled;
    if (scaling === "max-abs") {
      return { ...filled, scales: columns.map((column) => sums.maxAbs(column) || 1) };
    }
    const squares = new SquaredDeviations(sums, means);
    for (const batch of spool.batches()) squares.see(batch);
    // Of a column of one value nothing is left but zeros.
    const scales = columns.map((column) =>
      sums.only(column) === undefined ? this.#finite(squares.deviation(column), column) || 1 : 1,
    );
    this.#sayCells(sums);
    return { ...filled, offsets: means, scales };
  }

  #sayCells(sums: ColumnSums): void {
    const [after, before] = [sums.rows * this.#ownColumns, sums.cells];
    if (after < 4 * before) return;
    this.#notices.push(
      `standardised: ${after.toLocaleString("en-US")} cells are stored, of which ${before.toLocaleString("en-US")} were not 0; --scale keeps zeros`,
    );
  }

  #finite(value: number, column: number): number {
    if (Number.isFinite(value)) return value;
    throw new MarinaError(
      "data",
      `${this.#nameOf(column)}: the numbers are too large, their sums or squares are beyond a float64: leave it out, or divide it before`,
    );
  }

  #nameOf(column: number): string {
    const name = this.source.features?.[column];
    return `${this.#name}: ${name === undefined ? `index ${column + 1}` : `column ${JSON.stringify(name)}`}`;
  }

  *#changed(batches: Iterable<RowBatch>, inOrder: boolean): Generator<RowBatch> {
    const { means, offsets, scales } = this.#constants;
    const { intercept } = this.#preparation;
    const columns = this.#ownColumns;
    const rows = new DenseRows();
    const taken = () => (inOrder ? rows.take() : outOfOrder(rows.take()));
    for (const batch of batches) {
      for (let row = 0; row < batch.labels.length; row++) {
        let next = 0;
        const feature = (column: number, value: number): void => {
          const there = means !== undefined && Number.isNaN(value) ? means[column]! : value;
          rows.feature(column, (there - (offsets?.[column] ?? 0)) / (scales?.[column] ?? 1));
        };
        for (let at = batch.offsets[row]!; at < batch.offsets[row + 1]!; at++) {
          const column = batch.indices[at]!;
          if (offsets !== undefined) while (next < column) feature(next++, 0);
          feature(column, batch.values === null ? 1 : batch.values[at]!);
          next = column + 1;
        }
        if (offsets !== undefined) while (next < columns) feature(next++, 0);
        if (intercept) rows.feature(columns, 1);
        rows.label(batch.labels[row]!);
        rows.endRow(batch.firstLine + batch.lines[row]!);
        if (rows.enough) yield taken();
      }
    }
    if (rows.count > 0) yield taken();
  }
}
