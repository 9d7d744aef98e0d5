/** Several files as one source of rows: parts of one table, or of one LIBSVM text, in their order. */
import { MarinaError } from "../../base/index.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import { type Contents, contentsOf, type RowSource } from "./row-source.ts";

export interface Part {
  /** What the file is called in errors. */
  readonly name: string;
  open(): Promise<RowSource>;
}

interface Opened {
  readonly name: string;
  readonly source: RowSource;
  /** Lines of the files before it. */
  readonly linesBefore: number;
}

const SHOWN_NAMES = 5;

/** Lines are counted on from file to file; errors give file and line. One file is open at a time. */
export class SeveralFiles implements RowSource {
  readonly #parts: readonly Part[];
  readonly #opened: Opened[] = [];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  async *rows(): AsyncGenerator<RowBatch> {
    let linesBefore = 0;
    for (const { name, open } of this.#parts) {
      const source = await open();
      const opened = { name, source, linesBefore };
      this.#opened.push(opened);
      let lastLine = 0;
      for await (const batch of source.rows()) {
        this.#checkFeatures(opened);
        lastLine = batch.firstLine + (batch.lines.at(-1) ?? 0);
        yield { ...batch, firstLine: batch.firstLine + linesBefore };
      }
      this.#checkFeatures(opened);
      linesBefore += lastLine;
    }
  }

  get columns(): number | undefined {
    return this.#first?.columns;
  }

  get features(): readonly string[] | undefined {
    return this.#first?.features;
  }

  get bytesRead(): number {
    return this.#opened.reduce((sum, { source }) => sum + source.bytesRead, 0);
  }

  get labelWords(): ReadonlyMap<number, string> | undefined {
    return this.#opened.at(-1)?.source.labelWords;
  }

  /** What is true of several files is said once. */
  get notices(): readonly string[] {
    const files = new Map<string, string[]>();
    for (const { name, source } of this.#opened) {
      for (const notice of source.notices) files.set(notice, [...(files.get(notice) ?? []), name]);
    }
    return [...files].map(([notice, names]) => {
      const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : "";
      return `${notice} (${names.slice(0, SHOWN_NAMES).join(", ")}${more})`;
    });
  }

  contents(): Contents {
    const files = this.#opened.map(({ name, source }) => ({ name, ...source.contents() }));
    return contentsOf(files);
  }

  place(line: number): string {
    const of = this.#opened.findLast(({ linesBefore }) => linesBefore < line) ?? this.#opened[0]!;
    return of.source.place(line - of.linesBefore);
  }

  /** The first file that has columns: an empty one has none. */
  get #first(): RowSource | undefined {
    return this.#opened.find(({ source }) => source.features !== undefined)?.source;
  }

  /** All have the columns of the first. */
  #checkFeatures({ name, source }: Opened): void {
    const [expected, got] = [this.#first?.features, source.features];
    if (expected === undefined || got === undefined || source === this.#first) return;
    const at = expected.findIndex((feature, j) => feature !== got[j]);
    if (at === -1 && expected.length === got.length) return;
    const first = this.#opened.find((opened) => opened.source === this.#first)!.name;
    const column = at === -1 ? expected.length : at;
    const named = (features: readonly string[]) =>
      column < features.length ? JSON.stringify(features[column]) : "no further one";
    throw new MarinaError(
      "data",
      `${name}: expected the columns of ${first}: feature ${column + 1} is ${named(expected)} there, and here ${named(got)}`,
    );
  }
}
