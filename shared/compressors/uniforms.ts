/** The draw of every quantiser: one uniform a coordinate, whatever the vector, so that draws never depend on data. */
import type { Draw, DrawStreams } from "./compressor.ts";

export function drawUniforms(streams: DrawStreams, dimension: number): Draw {
  const stream = streams.own();
  const uniforms = new Float64Array(dimension);
  for (let j = 0; j < dimension; j++) uniforms[j] = stream.nextUniform();
  return { kind: "uniforms", uniforms };
}
