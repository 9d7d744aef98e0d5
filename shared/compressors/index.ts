/** Compressors: what they draw, send and promise. */
export type { Compressor, CompressorSpec, Draw, Encoded } from "./compressor.ts";
export { MAX_LEVELS } from "./qsgd.ts";
export { createCompressor } from "./registry.ts";
