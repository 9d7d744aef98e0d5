import { expect, it } from "vitest";
import { buildKernel } from "../../../../scripts/build-kernel.ts";
import { kernelBinary } from "../../kernel-binary.ts";
import { instantiateKernel } from "./exports.ts";
import { KERNEL_BASE64 } from "./kernel-binary.ts";

it("is what the source compiles to, byte for byte", async () => {
  // Compressed bytes may be other ones in another version of Node; what they hold may not.
  expect(Buffer.from(kernelBinary(KERNEL_BASE64))).toEqual(Buffer.from(await buildKernel("linear")));
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
