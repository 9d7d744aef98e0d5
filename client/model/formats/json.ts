/** Parameters as JSON: with names and shapes; an array of numbers can be read as well. */
import * as z from "zod";
import { checked, MarinaError } from "../../../shared/base/index.ts";
import { entriesOf, type ReadParameters, shapeText, type Tensor } from "./tensor.ts";

const FORMAT = "marina-parameters";

const fileSchema = z.looseObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  parameters: z
    .array(
      z.strictObject({
        name: z.string(),
        shape: z.array(z.int().min(0)),
        features: z.array(z.string()).exactOptional(),
        values: z.array(z.number()),
      }),
    )
    .min(1),
});

/**
 * @param about what else is to be said: the run, its round
 * @param features of the one tensor
 * @throws MarinaError "non-finite": JSON has no such numbers.
 */
export function encodeJson(
  tensors: readonly Tensor[],
  about: Readonly<Record<string, string | number>>,
  features: readonly string[] | undefined,
): Uint8Array {
  const head = Object.entries({ format: FORMAT, version: 1, ...about })
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`)
    .join("");
  const blocks = tensors.map(({ name, shape, values }) => {
    const fields = [
      `"name": ${JSON.stringify(name)}`,
      `"shape": ${shapeText(shape)}`,
      ...(features === undefined ? [] : [`"features": ${JSON.stringify(features)}`]),
      `"values": [${Array.from(values, (value, i) => numberText(value, name, i)).join(", ")}]`,
    ];
    return `    { ${fields.join(", ")} }`;
  });
  return new TextEncoder().encode(`{\n${head}  "parameters": [\n${blocks.join(",\n")}\n  ]\n}\n`);
}

/** As JSON.stringify writes it, but for -0. */
function numberText(value: number, name: string, i: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  throw new MarinaError(
    "non-finite",
    `parameter ${name}: entry ${i} is ${value}, for which JSON has no word; write .npy, .safetensors or .csv`,
  );
}

/** @throws MarinaError "data" or "spec" with the path of what is wrong. */
export function decodeJson(bytes: Uint8Array, source: string): ReadParameters {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new MarinaError(
      "data",
      `${source}: not JSON: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  if (Array.isArray(value)) {
    const values = Float64Array.from(checked(z.array(z.number()), value, source));
    return { kind: "array", shape: [values.length], values };
  }
  const { parameters } = checked(fileSchema, value, source);
  for (const [i, { name, shape, values, features }] of parameters.entries()) {
    const where = `${source}: parameters.${i} (${name})`;
    if (entriesOf(shape) !== values.length)
      throw new MarinaError(
        "data",
        `${where}: expected ${shapeText(shape)}, ${entriesOf(shape)} values, got ${values.length}`,
      );
    if (features !== undefined && features.length !== values.length)
      throw new MarinaError(
        "data",
        `${where}: expected a feature a value, ${values.length}, got ${features.length}`,
      );
  }
  const features = parameters.length === 1 ? parameters[0]!.features : undefined;
  return {
    kind: "named",
    tensors: parameters.map(({ name, shape, values }) => ({
      name,
      shape,
      values: Float64Array.from(values),
    })),
    ...(features === undefined ? {} : { features }),
  };
}
