/** The draw of every quantiser: one uniform a coordinate, whatever the vector, so that draws never depend on data. */
import type { Stream } from "../math/index.ts";
import type { Draw } from "./compressor.ts";

export function drawUniforms(stream: Stream, dimension: number): Draw {
  const uniforms = new Float64Array(dimension);
  for (let j = 0; j < dimension; j++) uniforms[j] = stream.nextUniform();
  return { kind: "uniforms", uniforms };
}
