/** Makes compressors of specs. */
import { MarinaError } from "../base/index.ts";
import type { Compressor, CompressorSpec, Wire } from "./compressor.ts";
import { identity } from "./identity.ts";
import { l2Quantization } from "./l2-quantization.ts";
import { natural } from "./natural.ts";
import { MAX_LEVELS, qsgd } from "./qsgd.ts";
import { randK } from "./rand-k.ts";

/** Where a spec stands in the run's spec, for errors. */
const PATH = "algorithm.compressor";
/** Dimensions are indices of typed arrays. */
const MAX_DIMENSION = 4_294_967_294;

/**
 * The compressor of a spec for vectors of R^d.
 * @param dimension d, integer, 1 <= d < 2^32 - 1.
 * @throws MarinaError `spec`, with the field's path, when a parameter is out of range.
 * @example createCompressor({ kind: "rand-k", k: 10 }, 112, "float32").omega // 10.2
 */
export function createCompressor(spec: CompressorSpec, dimension: number, wire: Wire): Compressor {
  requireInteger(dimension, MAX_DIMENSION, "the dimension of the data set");
  switch (spec.kind) {
    case "identity":
      return identity(dimension, wire);
    case "rand-k":
      requireInteger(spec.k, dimension, `${PATH}.k`, " (the dimension of the data set)");
      return randK(dimension, spec.k, wire);
    case "l2-quantization":
      return l2Quantization(dimension, wire);
    case "qsgd":
      requireInteger(spec.levels, MAX_LEVELS, `${PATH}.levels`);
      return qsgd(dimension, spec.levels, wire);
    case "natural":
      return natural(dimension, wire);
    default:
      return unknownKind(spec);
  }
}

function requireInteger(value: number, largest: number, path: string, why = ""): void {
  if (!Number.isInteger(value) || value < 1 || value > largest) {
    throw new MarinaError("spec", `${path}: expected an integer from 1 to ${largest}${why}, got ${value}`);
  }
}

function unknownKind(spec: never): never {
  const { kind } = spec as { kind: unknown };
  throw new MarinaError(
    "spec",
    `${PATH}.kind: expected identity, rand-k, l2-quantization, qsgd or natural, got ${JSON.stringify(kind)}`,
  );
}
