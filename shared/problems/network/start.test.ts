import { expect, test } from "vitest";
import { Purpose, Stream } from "../../math/index.ts";
import { networkProgram } from "./layers.ts";
import { drawStart } from "./start.ts";

const program = networkProgram(
  {
    input: [8, 8, 1],
    layers: [
      { conv2d: { filters: 6, kernel: [5, 5] } },
      { activation: "relu" },
      { flatten: true },
      { dense: 40 },
      { layerNorm: {} },
      { activation: "tanh" },
      { dense: 10 },
    ],
    loss: "softmax-cross-entropy",
  },
  { shape: [64], label: { kind: "classes", count: 10 } },
);

function start(seed: number): Float64Array {
  return drawStart(program, new Stream({ seed, purpose: Purpose.start, round: 0, index: 0 }));
}

test("each tensor lies within its bound and fills it: he before relu, glorot elsewhere", () => {
  const x = start(7);
  const part = (name: string) => {
    const { offset, shape } = program.parameters.find((parameter) => parameter.name === name)!;
    return x.subarray(offset, offset + shape.reduce((a, b) => a * b, 1));
  };
  const bounds: Record<string, number> = {
    "0.conv2d.weight": Math.sqrt(6 / 25),
    "3.dense.weight": Math.sqrt(6 / (16 * 6 + 40)),
    "6.dense.weight": Math.sqrt(6 / 50),
  };
  for (const [name, bound] of Object.entries(bounds)) {
    const values = part(name);
    const most = Math.max(...values.map(Math.abs));
    expect(most).toBeLessThanOrEqual(bound);
    expect(most).toBeGreaterThan(0.9 * bound);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    // Five standard deviations of the mean of so many uniform numbers.
    expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * values.length));
  }
  for (const name of ["0.conv2d.bias", "3.dense.bias", "4.layerNorm.bias"])
    expect([...part(name)].every((v) => v === 0)).toBe(true);
  expect([...part("4.layerNorm.gain")].every((v) => v === 1)).toBe(true);
});

test("is a function of the seed, entry by entry (2u - 1) a of the stream's numbers", () => {
  expect(start(7)).toEqual(start(7));
  expect(start(7)).not.toEqual(start(8));
  const stream = new Stream({ seed: 7, purpose: Purpose.start, round: 0, index: 0 });
  const bound = Math.sqrt(6 / 25);
  expect([...start(7).subarray(0, 3)]).toEqual([0, 1, 2].map(() => (2 * stream.nextUniform() - 1) * bound));
});
