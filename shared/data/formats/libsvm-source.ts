/** LIBSVM text as a source of rows, parsed by this thread or, once the text proves long, by several. */

import { type RowBatch, RowBatchBuilder } from "../rows/row-batch.ts";
import { type LibsvmOptions, LibsvmParser } from "./libsvm.ts";
import { cutAtLines } from "./line-pieces.ts";
import { ParserPool } from "./parallel/parser-pool.ts";
import { type Contents, type RowSource, TextReader } from "./row-source.ts";

export interface LibsvmSourceOptions {
  /** What the text is called in errors. */
  readonly name: string;
  /** Largest index allowed. */
  readonly dimension?: number;
  /** Indices of the text count from 0; default: from 1. */
  readonly zeroBased?: boolean;
  /** Threads that parse beside this one, which then only reads, hashes and stores; default 0. */
  readonly threads?: number;
}

/** Text is parsed in pieces of about so many bytes: a batch of rows stays small. */
const PIECE_BYTES = 1024 * 1024;
/** Pieces for threads end with the first line's end after so many: a file's chunk of PIECE_BYTES is one of them. */
const LEAST_BYTES = PIECE_BYTES / 2;
/** Shorter text is parsed before threads have started. */
const ALONE_BYTES = 8 * 1024 * 1024;

export class LibsvmSource implements RowSource {
  readonly columns = undefined;
  readonly features = undefined;
  readonly labelWords = undefined;
  readonly #reader: TextReader;
  readonly #options: LibsvmSourceOptions;
  #sortedRows = 0;
  #startsAtZero = false;

  constructor(chunks: AsyncIterable<Uint8Array>, options: LibsvmSourceOptions) {
    this.#reader = new TextReader(chunks, options.name);
    this.#options = options;
  }

  rows(): AsyncGenerator<RowBatch> {
    const { threads = 0, zeroBased = false } = this.#options;
    const rows = threads > 0 ? this.#parallel(threads) : this.#alone();
    return zeroBased ? this.#lookedAt(rows) : rows;
  }

  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  place(line: number): string {
    return `${this.#options.name}: line ${line}`;
  }

  contents(): Contents {
    return this.#reader.contents();
  }

  get notices(): readonly string[] {
    const { zeroBased = false } = this.#options;
    return [
      ...(this.#sortedRows > 0
        ? [
            `sorted the entries of ${this.#sortedRows} ${this.#sortedRows === 1 ? "row" : "rows"}, where indices were not in order`,
          ]
        : []),
      ...(zeroBased && !this.#startsAtZero
        ? ["--zero-based, but no index is 0: do they count from 1 after all?"]
        : []),
    ];
  }

  async *#lookedAt(rows: AsyncIterable<RowBatch>): AsyncGenerator<RowBatch> {
    for await (const batch of rows) {
      this.#startsAtZero ||= batch.indices.includes(0);
      yield batch;
    }
  }

  async *#alone(): AsyncGenerator<RowBatch> {
    const parser = new BatchParser(this.#options, 0);
    for await (const chunk of this.#reader.text()) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        yield* parser.parse(chunk.subarray(at, at + PIECE_BYTES), false);
      }
    }
    yield* parser.parse(new Uint8Array(0), true);
    this.#sortedRows = parser.sortedRows;
  }

  async *#parallel(threads: number): AsyncGenerator<RowBatch> {
    let bytes = 0;
    let lines = 0;
    const pool = new ParserPool(threads, parserOptions(this.#options, 0));
    const alone = new BatchParser(this.#options, 0);
    /** Pieces being parsed, in the order of the text. */
    const pending: Promise<PieceRows>[] = [];
    try {
      for await (const piece of cutAtLines(this.#reader.text(), LEAST_BYTES)) {
        bytes += piece.length;
        if (bytes <= ALONE_BYTES) {
          yield* alone.parse(piece, true);
          lines = alone.lines;
          continue;
        }
        if (pending.length === 2 * threads) {
          const rows = await pending.shift()!;
          yield* this.#placed(rows, lines);
          lines += rows.lines;
        }
        const parsed = pool.parse(piece);
        // Whoever waits for it gets the error; until then it is not unhandled.
        parsed.catch(() => {});
        pending.push(parsed);
      }
      for (const parsed of pending) {
        const rows = await parsed;
        yield* this.#placed(rows, lines);
        lines += rows.lines;
      }
      this.#sortedRows += alone.sortedRows;
    } finally {
      await pool.close();
    }
  }

  /** A thread does not know how many lines came before its piece; where it met an error, the piece is parsed again here. */
  *#placed(rows: PieceRows, lines: number): Generator<RowBatch> {
    if (rows.kind === "batch") {
      this.#sortedRows += rows.sortedRows;
      yield { ...rows.batch, firstLine: rows.batch.firstLine + lines };
    } else yield* new BatchParser(this.#options, lines).parse(rows.piece, true);
  }
}

function parserOptions(
  { name, dimension, zeroBased = false }: LibsvmSourceOptions,
  linesBefore: number,
): LibsvmOptions {
  return { source: name, linesBefore, zeroBased, ...(dimension === undefined ? {} : { dimension }) };
}

type PieceRows = Awaited<ReturnType<ParserPool["parse"]>>;

/** Parses pieces into batches; rows before an error are handed over before it is thrown. */
class BatchParser {
  readonly #rows = new RowBatchBuilder();
  readonly #parser: LibsvmParser;

  constructor(options: LibsvmSourceOptions, linesBefore: number) {
    this.#parser = new LibsvmParser(this.#rows, parserOptions(options, linesBefore));
  }

  get lines(): number {
    return this.#parser.lines;
  }

  get sortedRows(): number {
    return this.#parser.sortedRows;
  }

  *parse(piece: Uint8Array, endsLine: boolean): Generator<RowBatch> {
    let failure: unknown;
    try {
      this.#parser.push(piece);
      if (endsLine) this.#parser.end();
    } catch (error) {
      failure = error;
    }
    if (piece.length > 0 || this.#rows.rows > 0) yield this.#rows.take();
    if (failure !== undefined) throw failure;
  }
}
