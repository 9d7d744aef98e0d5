/** A thread of the parser pool: pieces of LIBSVM text in, batches of rows out. */
import { parentPort, workerData } from "node:worker_threads";
import { MarinaError } from "../../../base/index.ts";
import { copyOf, type RowBatch, RowBatchBuilder } from "../../rows/row-batch.ts";
import { type LibsvmOptions, LibsvmParser } from "../libsvm.ts";

export type PieceAnswer =
  /** `batch.firstLine` counts from the piece's first line; the piece has so many `lines`; so many rows were not in order. */
  | { readonly kind: "batch"; readonly batch: RowBatch; readonly lines: number; readonly sortedRows: number }
  /** Something is wrong in it; what, only the one who knows its place can say. */
  | { readonly kind: "refused"; readonly piece: Uint8Array; readonly lines: number };

const rows = new RowBatchBuilder();

function parse(piece: Uint8Array): PieceAnswer {
  const parser = new LibsvmParser(rows, workerData as LibsvmOptions);
  try {
    parser.push(piece);
    parser.end();
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    rows.take();
    return { kind: "refused", piece, lines: parser.lines };
  }
  return { kind: "batch", batch: copyOf(rows.take()), lines: parser.lines, sortedRows: parser.sortedRows };
}

parentPort?.on("message", (piece: Uint8Array) => {
  const answer = parse(piece);
  const arrays =
    answer.kind === "refused" ? [answer.piece] : [...Object.values(answer.batch)].filter(ArrayBuffer.isView);
  parentPort?.postMessage(answer, [...new Set(arrays.map((array) => array.buffer as ArrayBuffer))]);
});
