/** Rows on their way into the data object, whatever its layout. */
import { crc32 } from "node:zlib";
import type { ManifestGroup } from "../manifest.ts";
import type { DenseForm } from "./dense-group.ts";
import { DenseGroupBuilder } from "./dense-group-builder.ts";
import type { RowBatch } from "./row-batch.ts";
import { RowGroupBuilder } from "./row-group-builder.ts";

export interface WrittenGroup {
  readonly bytes: Uint8Array;
  readonly group: ManifestGroup;
}

export class GroupWriter {
  readonly #sparse: RowGroupBuilder | undefined;
  readonly #dense: DenseGroupBuilder | undefined;
  #firstRow = 0;
  #byteOffset = 0;

  /** @param form of dense rows; undefined: sparse ones. */
  constructor(form: DenseForm | undefined) {
    if (form === undefined) this.#sparse = new RowGroupBuilder();
    else this.#dense = new DenseGroupBuilder(form);
  }

  /** Copies rows in, from `first` on, until a group is full. Returns the next row to add. */
  addRows(batch: RowBatch, first: number): number {
    return (this.#dense ?? this.#sparse!).addRows(batch, first);
  }

  /** Rows that wait for their group to be full. */
  get waiting(): number {
    return (this.#dense ?? this.#sparse!).rows;
  }

  get full(): boolean {
    return (this.#dense ?? this.#sparse!).full;
  }

  /** The rows that wait, as a group. */
  close(): WrittenGroup {
    const place = { firstRow: this.#firstRow, byteOffset: this.#byteOffset };
    const written =
      this.#dense === undefined ? sparseGroup(this.#sparse!, place) : denseGroup(this.#dense, place);
    this.#firstRow += written.group.rows;
    this.#byteOffset += written.group.byteLength;
    return written;
  }
}

type Place = Pick<ManifestGroup, "firstRow" | "byteOffset">;

function sparseGroup(builder: RowGroupBuilder, { firstRow, byteOffset }: Place): WrittenGroup {
  const { bytes, rows, nonZeros, indexType, valueType } = builder.take();
  const counts = { firstRow, rows, nonZeros, byteOffset, byteLength: bytes.length };
  return { bytes, group: { ...counts, indexType, valueType, crc32: crc32(bytes) } };
}

function denseGroup(builder: DenseGroupBuilder, { firstRow, byteOffset }: Place): WrittenGroup {
  const { bytes, rows, nonZeros, valueType } = builder.take();
  const counts = { firstRow, rows, nonZeros, byteOffset, byteLength: bytes.length };
  return { bytes, group: { ...counts, valueType, crc32: crc32(bytes) } };
}
