/** Rows in another order than the file's: all of them are put aside first, and then come as they are to be stored. */

import type { Contents, RowSource } from "../formats/row-source.ts";
import type { RowOrder } from "../manifest.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import { rowOrder } from "./row-order.ts";
import { RowSpool } from "./row-spool.ts";

export interface Preparation {
  readonly order?: RowOrder;
}

export class PreparedRows implements RowSource {
  readonly #source: RowSource;
  readonly #name: string;
  readonly #preparation: Preparation;
  readonly #onRows: (rows: number) => void;

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
    this.#source = source;
    this.#name = name;
    this.#preparation = preparation;
    this.#onRows = onRows;
  }

  get columns(): number | undefined {
    return this.#source.columns;
  }

  get features(): readonly string[] | undefined {
    return this.#source.features;
  }

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  get labelWords(): ReadonlyMap<number, string> | undefined {
    return this.#source.labelWords;
  }

  get notices(): readonly string[] {
    return this.#source.notices;
  }

  contents(): Contents {
    return this.#source.contents();
  }

  place(line: number): string {
    return this.#source.place(line);
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const { order } = this.#preparation;
    const spool = new RowSpool();
    try {
      for await (const batch of this.#source.rows()) {
        spool.add(batch);
        this.#onRows(spool.rows);
      }
      yield* spool.batches(order && rowOrder(order, spool.labels, this.#name));
    } finally {
      spool.close();
    }
  }
}
