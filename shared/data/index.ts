/** Data sets: import, manifest, row groups, shards. */

export { dataForm } from "./data-form.ts";
export { ClassWords } from "./formats/class-words.ts";
export { fileFormats } from "./formats/file-formats.ts";
export { LibsvmSource } from "./formats/libsvm-source.ts";
export type { RowSource } from "./formats/row-source.ts";
export { SeveralFiles } from "./formats/several-files.ts";
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
export { partition, rowsOf, rowsUsed } from "./partition.ts";
export { type LabelCounts, labelsByWorker } from "./rows/labels-by-worker.ts";
export { openShard, shardRange } from "./rows/shard.ts";
