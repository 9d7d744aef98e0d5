import { describe, expect, it } from "vitest";
import { compressorCatalogue, methodCatalogue } from "../../client/catalogue.ts";
import { compressorText, methodText } from "./catalogue.ts";

const methods = methodCatalogue();
const compressors = compressorCatalogue();

describe("the catalogue", () => {
  it("fits into 80 columns, every word of it", () => {
    for (const text of [...methods.map(methodText), ...compressors.map(compressorText)]) {
      for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    }
    const squeezed = (text: string) => text.replace(/\s+/g, " ");
    for (const method of methods) {
      const text = squeezed(methodText(method));
      for (const line of method.equation) expect(text).toContain(squeezed(line));
      for (const { formula } of method.steps) expect(text).toContain(squeezed(formula));
    }
    for (const compressor of compressors) {
      expect(squeezed(compressorText(compressor))).toContain(squeezed(compressor.equation));
    }
  });

  it("tells which take which, from both sides alike", () => {
    for (const { kind, compressors: taken } of methods) {
      const takers = compressors.filter((each) => each.methods.includes(kind)).map((each) => each.kind);
      expect(taken).toEqual(takers);
    }
    const of = (kind: string) => methods.find((method) => method.kind === kind)!;
    expect(of("gd").compressors).toEqual([]);
    expect(of("ef21").compressors).toContain("top-k");
    expect(of("marina").compressors).not.toContain("top-k");
    expect(compressors.find(({ kind }) => kind === "perm-k")!.methods).toEqual([
      "diana",
      "marina",
      "vr-marina",
      "dasha",
    ]);
  });

  it("tells what a worker keeps and when workers may change", () => {
    const kept = methods.filter(({ workerKeeps }) => workerKeeps.length > 0);
    expect(kept.map(({ kind }) => kind)).toEqual(["diana", "vr-diana", "ef21", "dasha"]);
    for (const { keptBy, workersMayChange } of kept) {
      expect(keptBy).toEqual(["stored", "carried"]);
      expect(workersMayChange).toMatch(/^never: /);
    }
  });
});
