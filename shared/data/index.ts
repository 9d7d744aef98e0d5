/** Data sets: import, manifest, row groups, shards. */

export { dataForm } from "./data-form.ts";
export { Descriptions, type DigestedRun } from "./descriptions.ts";
export { looksLikeIdx, looksLikeNpy } from "./formats/array-magic.ts";
export { ClassWords } from "./formats/class-words.ts";
export { fileFormats } from "./formats/file-formats.ts";
export { LibsvmSource } from "./formats/libsvm-source.ts";
export type { NpyArray } from "./formats/npy-array.ts";
export type { RowSource } from "./formats/row-source.ts";
export { SeveralFiles } from "./formats/several-files.ts";
export { checkHeldOut } from "./held-out.ts";
export { importLibsvm, importRows } from "./import.ts";
export {
  encodeManifest,
  type LabelKind,
  type Manifest,
  MOST_FILES,
  parseManifest,
  type Reading,
  type RowOrder,
  rowsPrefix,
  STANDARD_INPUT,
} from "./manifest.ts";
export { decodeModel, encodeModel, readModel, storeModel } from "./models.ts";
export { partition, rowsOf, rowsUsed } from "./partition.ts";
export { copyProgram, problemForm } from "./problem-form.ts";
export { checkRange } from "./rows/checked-range.ts";
export { openDenseRows, withAllEntries } from "./rows/dense-rows.ts";
export { type LabelCounts, labelsByWorker } from "./rows/labels-by-worker.ts";
export { shardRange } from "./rows/pieces.ts";
export { readsWhole } from "./rows/reads-whole.ts";
export { openShard } from "./rows/shard.ts";
