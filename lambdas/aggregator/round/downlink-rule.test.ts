import { describe, expect, it } from "vitest";
import { type CompressorSpec, createCompressor } from "../../../shared/compressors/registry.ts";
import { deltasPay } from "./downlink-rule.ts";

const pays = (
  dimension: number,
  slots: number,
  spec: CompressorSpec,
  wire: "float32" | "float64" = "float32",
  iterate: "float32" | "float64" = "float64",
) =>
  deltasPay({
    ...{ dimension, slots, wire, vectors: 3, iterate },
    compressor: createCompressor(spec, dimension, wire, { workers: slots }),
  });
const randK = (k: number): CompressorSpec => ({ kind: "rand-k", k });

describe("iterates travel as deltas", () => {
  it("where few workers keep few entries", () => {
    expect(pays(1e5, 5, randK(1000))).toBe(true);
    expect(pays(1e6, 10, randK(1e4))).toBe(true);
    expect(pays(1e4, 10, randK(10))).toBe(true);
  });

  it("of at most 2 d bytes: n K of d/2 entries of four bytes, half as many of eight", () => {
    // 12 passes over d and 0.088 us an index are no more than 12 d bytes there and back.
    expect(pays(1e6, 50, randK(1e4))).toBe(true);
    expect(pays(1e6, 51, randK(1e4))).toBe(false);
    expect(pays(1e6, 25, randK(1e4), "float64")).toBe(true);
    expect(pays(1e6, 26, randK(1e4), "float64")).toBe(false);
  });

  it("of at most d bytes where iterates are float32, which take half the time", () => {
    // 14 passes over d and n K draws are no more than (8 d - 8 n K) bytes: 25 ms and 22 ms against 77 ms.
    expect(pays(1e6, 25, randK(1e4), "float32", "float32")).toBe(true);
    expect(pays(1e6, 26, randK(1e4), "float32", "float32")).toBe(false);
    // Quantised messages take 2 d bits and a norm each.
    expect(pays(1e6, 3, { kind: "qsgd", levels: 1 }, "float32", "float32")).toBe(true);
    expect(pays(1e6, 7, { kind: "qsgd", levels: 1 }, "float32", "float64")).toBe(true);
    expect(pays(1e6, 4, { kind: "qsgd", levels: 1 }, "float32", "float32")).toBe(false);
  });

  it("not where messages are as long as the iterate, or there are many", () => {
    expect(pays(1e5, 5, { kind: "identity" })).toBe(false);
    expect(pays(1e5, 5, { kind: "natural" })).toBe(false);
    expect(pays(1e5, 100, { kind: "qsgd", levels: 1 })).toBe(false);
    expect(pays(47_236, 100, randK(472))).toBe(false);
  });
});
