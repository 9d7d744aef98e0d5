/**
 * How much computing a message is, in units that do not depend on the machine: what an engine charges for it. Passes over
 * an entry are counted in those of a scaled vector sum (`node bench/vector-work.ts`).
 */
import type { Compressor, Draw } from "./compressor.ts";

export interface MessageWork {
  readonly entries: number;
  readonly indices: number;
  readonly uniforms: number;
}

/** A dense vector is looked through for what is no number, rounded to the wire and written. */
const DENSE_PASSES = 5;
/** A quantised one is measured first, and packed bit by bit. */
const QUANTISED_PASSES = 9;
/** Of what is decoded and added. */
const DECODING_PASSES = 3;
/** No message spends fewer bits on a coordinate that it carries. */
const ENTRIES_PER_BYTE = 2;

/** Of the worker that encodes. */
export function encodingWork(compressor: Compressor, draw: Draw): MessageWork {
  const { dimension } = compressor;
  switch (draw.kind) {
    case "none":
      return { entries: DENSE_PASSES * dimension, indices: 0, uniforms: 0 };
    case "uniforms":
      return { entries: QUANTISED_PASSES * dimension, indices: 0, uniforms: draw.uniforms.length };
    case "indices": {
      // One that is drawn jointly is drawn for all workers at once.
      const joint = "joint" in compressor && compressor.joint !== undefined;
      return { entries: dimension, indices: joint ? dimension : draw.indices.length, uniforms: 0 };
    }
    case "composed": {
      const { quantiser } = compressor;
      if (quantiser === undefined) return encodingWork(compressor, draw.first);
      const { entries, uniforms } = encodingWork(quantiser, draw.then);
      return { entries: dimension + entries, indices: quantiser.dimension, uniforms };
    }
  }
}

/** Of the server that draws what the worker drew, and adds the message. */
export function decodingWork(compressor: Compressor, bytes: number): MessageWork {
  const { receiverDraws, dimension, zeta, quantiser } = compressor;
  if (quantiser !== undefined) {
    const { entries } = decodingWork(quantiser, bytes);
    return { entries, indices: quantiser.dimension, uniforms: quantiser.dimension };
  }
  if (receiverDraws) return { entries: 0, indices: Math.ceil(zeta), uniforms: 0 };
  return {
    entries: DECODING_PASSES * Math.min(dimension, ENTRIES_PER_BYTE * bytes),
    indices: 0,
    uniforms: 0,
  };
}
