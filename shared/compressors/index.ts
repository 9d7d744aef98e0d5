/** Compressors: what they draw, send and promise. */
export {
  type Compressor,
  type CompressorDefinition,
  type ContractiveCompressor,
  type Draw,
  type DrawStreams,
  type Encoded,
  NO_DRAW,
  type Place,
  promiseOf,
  type UnbiasedCompressor,
} from "./compressor.ts";
export {
  type Accepted,
  COMPRESSORS,
  type CompressorSpec,
  compressorLabel,
  compressorSchema,
  createCompressor,
  isDrawnJointly,
} from "./registry.ts";
export { decodingWork, encodingWork, type MessageWork } from "./work.ts";
