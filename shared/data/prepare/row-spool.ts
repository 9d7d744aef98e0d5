/** All rows of a source, put aside to be had again in any order. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MarinaError } from "../../base/index.ts";
import { outOfOrder, type RowBatch, RowBatchBuilder } from "../rows/row-batch.ts";

/** A batch is handed over once it has so many cells (rows or entries). */
const ENOUGH = 256 * 1024;
/** Neighbours in the file are read together, up to so many bytes. */
const READ_BYTES = 1024 * 1024;
/** A row number is 32 bits wide. */
const MOST_ROWS = 2 ** 32 - 1;

/** Entries of more bytes go to a file, where every row that is out of order takes a read of its own. */
const MEMORY_BYTES = 256 * 1024 * 1024;

/** Of a row stay in memory in any case where its entries lie, its label and its line: some 30 bytes. */
export class RowSpool {
  readonly #memoryBytes: number;
  /** The entries, until they are too many. */
  #memory: Uint8Array | undefined = new Uint8Array(1024 * 1024);
  #file: TemporaryFile | undefined;
  /** Of entries. */
  #bytes = 0;
  #rows = 0;
  #labels = new Float64Array(1024);
  #lines = new Float64Array(1024);
  #starts = new Float64Array(1024);
  #entries = new Uint32Array(1024);
  /** 1: all values of the row are 1, and none is written. */
  #ones = new Uint8Array(1024);
  #scratch = new Uint8Array(0);

  /** @param memoryBytes entries of more bytes go to a file; smaller in tests. */
  constructor(memoryBytes = MEMORY_BYTES) {
    this.#memoryBytes = memoryBytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /** In the order in which they came. */
  get labels(): Float64Array {
    return this.#labels.subarray(0, this.#rows);
  }

  add({ labels, offsets, indices, values, lines, firstLine }: RowBatch): void {
    const rows = labels.length;
    if (this.#rows + rows > MOST_ROWS) {
      throw new MarinaError("limit", `expected at most ${MOST_ROWS} rows where all of them are put aside`);
    }
    while (this.#rows + rows > this.#labels.length) this.#grow();
    const block = new Uint8Array((values === null ? 4 : 12) * indices.length);
    let at = 0;
    for (let l = 0; l < rows; l++) {
      const row = this.#rows + l;
      const [from, to] = [offsets[l]!, offsets[l + 1]!];
      this.#labels[row] = labels[l]!;
      this.#lines[row] = firstLine + lines[l]!;
      this.#starts[row] = this.#bytes + at;
      this.#entries[row] = to - from;
      this.#ones[row] = values === null ? 1 : 0;
      at = place(block, at, indices.subarray(from, to));
      if (values !== null) at = place(block, at, values.subarray(from, to));
    }
    this.#write(block);
    this.#rows += rows;
  }

  /**
   * Every row once; a batch is void when the next one is asked for.
   * @param order numbers of all rows, from 0; default: as they came.
   */
  *batches(order?: Uint32Array): Generator<RowBatch> {
    const builder = new RowBatchBuilder();
    for (let at = 0; at < this.#rows; ) {
      // Rows that lie one behind the other, and at least one.
      let [end, bytes] = [at, 0];
      const first = order === undefined ? at : order[at]!;
      while (end < this.#rows && (order === undefined ? end : order[end]!) === first + end - at) {
        const more = this.#bytesOf(first + end - at);
        if (end > at && bytes + more > READ_BYTES) break;
        bytes += more;
        end++;
      }
      let from = 0;
      const block = this.#read(this.#starts[first]!, bytes);
      for (let row = first; row < first + end - at; row++) {
        this.#append(row, block, from, builder);
        from += this.#bytesOf(row);
      }
      at = end;
      if (builder.rows + builder.nonZeros >= ENOUGH)
        yield order === undefined ? builder.take() : outOfOrder(builder.take());
    }
    if (builder.rows > 0) yield order === undefined ? builder.take() : outOfOrder(builder.take());
  }

  close(): void {
    this.#file?.close();
  }

  #append(row: number, block: Uint8Array, from: number, batch: RowBatchBuilder): void {
    const entries = this.#entries[row]!;
    const begin = batch.nonZeros;
    const end = begin + entries;
    while (end > batch.indices.length) batch.grow();
    const ones = this.#ones[row] === 1;
    if (!ones) batch.spellOut(begin);
    bytesIn(batch.indices, begin, end).set(block.subarray(from, from + 4 * entries));
    if (!ones) {
      bytesIn(batch.values, begin, end).set(block.subarray(from + 4 * entries, from + 12 * entries));
    } else if (!batch.ones) batch.values.fill(1, begin, end);
    batch.closeRow(this.#labels[row]!, end, this.#lines[row]!);
  }

  #bytesOf(row: number): number {
    return (this.#ones[row] === 1 ? 4 : 12) * this.#entries[row]!;
  }

  #write(block: Uint8Array): void {
    const end = this.#bytes + block.length;
    if (this.#memory !== undefined && end > this.#memoryBytes) {
      this.#file = new TemporaryFile();
      this.#file.append(this.#memory.subarray(0, this.#bytes));
      this.#memory = undefined;
    }
    if (this.#memory === undefined) this.#file!.append(block);
    else {
      if (end > this.#memory.length) {
        const larger = Math.min(this.#memoryBytes, Math.max(end, 2 * this.#memory.length));
        this.#memory = grown(this.#memory, new Uint8Array(larger));
      }
      this.#memory.set(block, this.#bytes);
    }
    this.#bytes = end;
  }

  #read(start: number, bytes: number): Uint8Array {
    if (this.#memory !== undefined) return this.#memory.subarray(start, start + bytes);
    if (bytes > this.#scratch.length) this.#scratch = new Uint8Array(2 * bytes);
    const into = this.#scratch.subarray(0, bytes);
    this.#file!.read(start, into);
    return into;
  }

  #grow(): void {
    const rows = 2 * this.#labels.length;
    this.#labels = grown(this.#labels, new Float64Array(rows));
    this.#lines = grown(this.#lines, new Float64Array(rows));
    this.#starts = grown(this.#starts, new Float64Array(rows));
    this.#entries = grown(this.#entries, new Uint32Array(rows));
    this.#ones = grown(this.#ones, new Uint8Array(rows));
  }
}

/** It has no name any more as soon as it is open (but on Windows), so that nothing is left of it, however the process ends. */
class TemporaryFile {
  readonly #folder = mkdtempSync(join(tmpdir(), "marina-import-"));
  readonly #file = openSync(join(this.#folder, "rows"), "w+");
  #bytes = 0;

  constructor() {
    if (process.platform !== "win32") rmSync(this.#folder, { recursive: true });
  }

  /** @throws MarinaError "limit" when there is no room for it. */
  append(block: Uint8Array): void {
    try {
      for (let at = 0; at < block.length; ) at += writeSync(this.#file, block, at, block.length - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "EFBIG") throw error;
      throw new MarinaError(
        "limit",
        `no room in ${tmpdir()} for the rows that are put aside (after ${this.#bytes} bytes); set TMPDIR to a folder on a larger disk`,
        { cause: error },
      );
    }
    this.#bytes += block.length;
  }

  read(start: number, into: Uint8Array): void {
    for (let at = 0; at < into.length; ) {
      const count = readSync(this.#file, into, at, into.length - at, start + at);
      if (count === 0) throw new Error(`the temporary file of rows ends at byte ${start + at}`);
      at += count;
    }
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function bytesIn(array: Uint32Array | Float64Array, from: number, to: number): Uint8Array {
  const size = array.BYTES_PER_ELEMENT;
  return new Uint8Array(array.buffer, array.byteOffset + from * size, (to - from) * size);
}

/** @returns where the next bytes go. */
function place(block: Uint8Array, at: number, array: Uint32Array | Float64Array): number {
  block.set(bytesIn(array, 0, array.length), at);
  return at + array.byteLength;
}

function grown<A extends Uint8Array | Uint32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
