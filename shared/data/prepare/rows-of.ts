/** A source that changes the rows of another one; what is said of them stays what it was, unless it is overridden. */
import type { Contents, DenseSource, RowSource } from "../formats/row-source.ts";
import type { RowBatch } from "../rows/row-batch.ts";

export abstract class RowsOf implements RowSource {
  protected readonly source: RowSource;

  constructor(source: RowSource) {
    this.source = source;
  }

  abstract rows(): AsyncIterable<RowBatch>;

  get columns(): number | undefined {
    return this.source.columns;
  }

  get features(): readonly string[] | undefined {
    return this.source.features;
  }

  get dense(): DenseSource | undefined {
    return this.source.dense;
  }

  get bytesRead(): number {
    return this.source.bytesRead;
  }

  get labelWords(): ReadonlyMap<number, string> | undefined {
    return this.source.labelWords;
  }

  get notices(): readonly string[] {
    return this.source.notices;
  }

  contents(): Contents {
    return this.source.contents();
  }

  place(line: number): string {
    return this.source.place(line);
  }
}
