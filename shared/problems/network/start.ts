/** Where a network's x begins: zero is a saddle, so tensors are drawn. */
import type { ParameterBlock, RowProgram } from "./program.ts";
import { sizeOf } from "./shape.ts";

/** Uniform draws on [0, 1): a keyed stream. */
export interface UniformStream {
  nextUniform(): number;
}

/** x^0: tensor by tensor and entry by entry from the stream; zeros and ones draw nothing. */
export function drawStart(program: Pick<RowProgram, "parameters">, stream: UniformStream): Float64Array {
  const parts = program.parameters.map((parameter) => {
    const part = new Float64Array(sizeOf(parameter.shape));
    if (parameter.start === "ones") return part.fill(1);
    if (parameter.start === "zeros") return part;
    const a = boundOf(parameter);
    for (let j = 0; j < part.length; j++) part[j] = (2 * stream.nextUniform() - 1) * a;
    return part;
  });
  const x = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  for (const [index, part] of parts.entries()) x.set(part, program.parameters[index]!.offset);
  return x;
}

/** sqrt(6/in) or sqrt(6/(in + out)), in and out counting a convolution's taps. */
function boundOf({ shape, start }: ParameterBlock): number {
  const inputs = sizeOf(shape.slice(0, -1));
  if (start === "he") return Math.sqrt(6 / inputs);
  const taps = sizeOf(shape.slice(0, -2));
  return Math.sqrt(6 / (inputs + taps * shape.at(-1)!));
}
