import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { buildKernel, kernelSources } from "../../../../scripts/build-kernel.ts";
import { kernelBinary } from "../../kernel-binary.ts";
import { instantiateKernel } from "./exports.ts";
import { KERNEL_BASE64 } from "./kernel-binary.ts";

it("is what the source compiles to, byte for byte", async () => {
  // Compressed bytes may be other ones in another version of Node; what they hold may not.
  expect(Buffer.from(kernelBinary(KERNEL_BASE64))).toEqual(Buffer.from(await buildKernel("network")));
});

it("needs nothing from outside and has every loop in both precisions", () => {
  const { memory, firstAddress, ...functions } = instantiateKernel();
  expect(firstAddress() % 64).toBe(0);
  expect(memory.buffer.byteLength).toBeGreaterThanOrEqual(firstAddress());
  const names = Object.keys(functions);
  const loops = names.filter((name) => name.endsWith("64")).map((name) => name.slice(0, -2));
  expect(loops.length).toBe(24);
  expect(names.sort()).toEqual(loops.flatMap((name) => [`${name}64`, `${name}32`]).sort());
});

it("asks for no relaxed instruction", () => {
  const sources = kernelSources("network");
  expect(sources).toContain("products.as");
  for (const file of sources)
    expect(readFileSync(new URL(file, import.meta.url), "utf8"), file).not.toMatch(/relaxed_/);
});
