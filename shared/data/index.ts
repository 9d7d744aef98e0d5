/** Data sets: import, manifest, row groups, shards. */

export { LibsvmSource } from "./formats/libsvm-source.ts";
export type { RowSource } from "./formats/row-source.ts";
export { tableFormats } from "./formats/table-formats.ts";
export { importLibsvm, importRows } from "./import.ts";
export { encodeManifest, type Manifest, parseManifest } from "./manifest.ts";
export { partition, rowsOf, rowsUsed } from "./partition.ts";
export { checkLabelUse, openShard, shardRange } from "./rows/shard.ts";
