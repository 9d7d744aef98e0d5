/** Files of parameters: by their ending. */
import { MarinaError } from "../../../shared/base/index.ts";
import { fileFormats } from "../../../shared/data/index.ts";
import type { ParameterLayout } from "../layout.ts";
import type { ReadParameters, Tensor } from "./tensor.ts";

export const PARAMETER_FORMATS = ["safetensors", "npy", "json", "csv"] as const;
export type ParameterFormat = (typeof PARAMETER_FORMATS)[number];

/** Text takes some twenty characters a number, all of them in memory at one time. */
const MOST_NUMBERS_AS_TEXT = 5_000_000;
const MOST_TEXT_BYTES = 256_000_000;

/** @throws MarinaError "usage" for a name with another ending. */
export function formatOf(path: string): ParameterFormat {
  const format = PARAMETER_FORMATS.find((each) => path.toLowerCase().endsWith(`.${each}`));
  if (format !== undefined) return format;
  throw new MarinaError(
    "usage",
    `${path}: expected a name that ends in .${PARAMETER_FORMATS.slice(0, -1).join(", .")} or .${PARAMETER_FORMATS.at(-1)}`,
  );
}

/** What is written of a run's parameters. */
export interface WrittenParameters {
  /** x */
  readonly vector: Float64Array;
  readonly layout: ParameterLayout;
  /** The run, its round, and the like. */
  readonly about: Readonly<Record<string, string | number>>;
}

/** x cut into its tensors. */
export function tensorsOf({ vector, layout }: Pick<WrittenParameters, "vector" | "layout">): Tensor[] {
  return layout.blocks.map(({ name, shape, offset }) => {
    const entries = shape.reduce((product, size) => product * size, 1);
    return { name, shape, values: vector.subarray(offset, offset + entries) };
  });
}

/**
 * The bytes of a file. `.npy` has x as one vector, the others its tensors by name.
 * @throws MarinaError "limit" for more numbers than are good as text.
 */
export async function encodeParameters(
  format: ParameterFormat,
  written: WrittenParameters,
): Promise<Uint8Array> {
  const { vector, layout, about } = written;
  if ((format === "json" || format === "csv") && vector.length > MOST_NUMBERS_AS_TEXT) {
    throw new MarinaError(
      "limit",
      `${vector.length} parameters: expected at most ${MOST_NUMBERS_AS_TEXT} as text; write .npy or .safetensors`,
    );
  }
  switch (format) {
    case "npy":
      return (await import("./npy.ts")).encodeNpy({ shape: [vector.length], values: vector });
    case "safetensors": {
      const texts = Object.fromEntries(Object.entries(about).map(([name, value]) => [name, String(value)]));
      return (await import("./safetensors.ts")).encodeSafetensors(tensorsOf(written), texts);
    }
    case "json":
      return (await import("./json.ts")).encodeJson(tensorsOf(written), about, layout.features);
    case "csv":
      return (await import("./csv.ts")).encodeCsv(tensorsOf(written), layout.features);
  }
}

/** @throws MarinaError "data" or "spec" for bytes that are no such file. */
export async function decodeParameters(
  format: ParameterFormat,
  bytes: Uint8Array,
  source: string,
): Promise<ReadParameters> {
  if ((format === "json" || format === "csv") && bytes.length > MOST_TEXT_BYTES) {
    throw new MarinaError(
      "limit",
      `${source}: expected at most ${MOST_TEXT_BYTES} bytes of text, got ${bytes.length}; give .npy or .safetensors`,
    );
  }
  switch (format) {
    case "npy":
      return { kind: "array", ...(await (await fileFormats.npyArray()).readNpyArray(bytes, source)) };
    case "safetensors":
      return { kind: "named", tensors: (await import("./safetensors.ts")).decodeSafetensors(bytes, source) };
    case "json":
      return (await import("./json.ts")).decodeJson(bytes, source);
    case "csv":
      return (await import("./csv.ts")).decodeCsv(bytes, source);
  }
}
