import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { buildKernel, embed } from "../../../../scripts/build-kernel.ts";
import { instantiateKernel } from "./exports.ts";

it("is what the source compiles to, byte for byte", async () => {
  const stored = readFileSync(new URL("kernel-binary.ts", import.meta.url), "utf8");
  expect(embed(await buildKernel("linear"))).toBe(stored);
});

it("needs nothing from outside and has a product for every storage", () => {
  const { memory, ...functions } = instantiateKernel();
  expect(memory.buffer.byteLength).toBe(0);
  const products = ["ones", "f32", "f64"].flatMap((values) =>
    ["Margins", "Transposed"].flatMap((product) =>
      ["", "Pair"].flatMap((point) =>
        ["16", "32", "Dense"].map((columns) => `${values}${product}${point}${columns}`),
      ),
    ),
  );
  // Rows of ones are stored sparse even when they are full.
  const expected = products.filter((name) => !(name.startsWith("ones") && name.endsWith("Dense")));
  expect(Object.keys(functions)).toEqual(expect.arrayContaining(expected));
});
