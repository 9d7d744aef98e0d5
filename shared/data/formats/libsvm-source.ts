/** LIBSVM text as a source of rows, parsed by this thread or, once the text proves long, by several. */

import { type RowBatch, RowBatchBuilder } from "../rows/row-batch.ts";
import { LibsvmParser } from "./libsvm.ts";
import { cutAtLines } from "./line-pieces.ts";
import { ParserPool } from "./parallel/parser-pool.ts";
import { type RowSource, TextReader } from "./row-source.ts";

export interface LibsvmSourceOptions {
  /** What the text is called in errors. */
  readonly name: string;
  /** Largest index allowed. */
  readonly dimension?: number;
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
  readonly #reader: TextReader;
  readonly #options: LibsvmSourceOptions;

  constructor(chunks: AsyncIterable<Uint8Array>, options: LibsvmSourceOptions) {
    this.#reader = new TextReader(chunks, options.name);
    this.#options = options;
  }

  rows(): AsyncGenerator<RowBatch> {
    const { threads = 0 } = this.#options;
    return threads > 0 ? this.#parallel(threads) : this.#alone();
  }

  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  contents(): { readonly bytes: number; readonly sha256: string } {
    return this.#reader.contents();
  }

  async *#alone(): AsyncGenerator<RowBatch> {
    const parser = new BatchParser(this.#options, 0);
    for await (const chunk of this.#reader.text()) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        yield* parser.parse(chunk.subarray(at, at + PIECE_BYTES), false);
      }
    }
    yield* parser.parse(new Uint8Array(0), true);
  }

  async *#parallel(threads: number): AsyncGenerator<RowBatch> {
    const { name, dimension } = this.#options;
    let bytes = 0;
    let lines = 0;
    const pool = new ParserPool(threads, { source: name, ...(dimension === undefined ? {} : { dimension }) });
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
    } finally {
      await pool.close();
    }
  }

  /** A thread does not know how many lines came before its piece; where it met an error, the piece is parsed again here. */
  *#placed(rows: PieceRows, lines: number): Generator<RowBatch> {
    if (rows.kind === "batch") yield { ...rows.batch, firstLine: rows.batch.firstLine + lines };
    else yield* new BatchParser(this.#options, lines).parse(rows.piece, true);
  }
}

type PieceRows = Awaited<ReturnType<ParserPool["parse"]>>;

/** Parses pieces into batches; rows before an error are handed over before it is thrown. */
class BatchParser {
  readonly #rows = new RowBatchBuilder();
  readonly #parser: LibsvmParser;

  constructor({ name, dimension }: LibsvmSourceOptions, linesBefore: number) {
    const limit = dimension === undefined ? {} : { dimension };
    this.#parser = new LibsvmParser(this.#rows, { source: name, linesBefore, ...limit });
  }

  get lines(): number {
    return this.#parser.lines;
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
