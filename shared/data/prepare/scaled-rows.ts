/** Rows whose values are multiplied by one number: what bytes stand for, where they are not kept as bytes. */
import type { RowSource } from "../formats/row-source.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import { RowsOf } from "./rows-of.ts";

export class ScaledRows extends RowsOf {
  readonly #scale: () => number;

  /** @param scale asked once the first batch has come. */
  constructor(source: RowSource, scale: () => number) {
    super(source);
    this.#scale = scale;
  }

  override async *rows(): AsyncGenerator<RowBatch> {
    for await (const batch of this.source.rows()) {
      const scale = this.#scale();
      if (scale === 1) {
        yield batch;
        continue;
      }
      const values =
        batch.values === null
          ? new Float64Array(batch.indices.length).fill(scale)
          : batch.values.map((value) => scale * value);
      yield { ...batch, values };
    }
  }
}
