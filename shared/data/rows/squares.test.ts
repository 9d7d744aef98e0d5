import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { importLibsvm } from "../import.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { sumOfSquares } from "./squares.ts";

async function imported(text: string, labels: "binary" | "real" = "binary"): Promise<string> {
  async function* chunks() {
    yield new TextEncoder().encode(text);
  }
  const objects = memoryStore();
  try {
    await importLibsvm(chunks(), { name: "x", sourceName: "x.txt", labels, objects });
    return "imported";
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    expect(await objects.list("")).toEqual([]);
    return `${error.code}: ${error.message}`;
  }
}

describe("numbers too large to compute with", () => {
  it.each([
    [
      "1 1:1.79769313486e+308 2:1008 3:2\n-1 1:1\n",
      "line 1, index 1: 1.79769313486e+308 is too large, its square",
    ],
    ["# from a tool\n-1 2:1\n\n1 1:1 9:-1e200\n", "line 4, index 9: -1e+200 is too large, its square is"],
    ["1 1:1e100\n-1 1:1\n", "line 1, index 1: 1e+100 is too large, the square of its square is"],
    ["1 1:1e77 2:1e77\n-1 1:1\n", "line 1, index 2: 1e+77 is too large, with it the squares so far"],
    // Row by row they are not too large, together they are.
    ["1 1:1e77\n-1 3:1e77\n", "line 2, index 3: 1e+77 is too large, with it the squares so far"],
  ])("in %j are refused at their import", async (text, place) => {
    expect(await imported(text)).toContain(`data: x.txt: ${place}`);
  });

  it("are refused as labels where these are squared, and only there", async () => {
    expect(await imported("1 1:1\n1e200 1:2\n", "real")).toContain(
      "x.txt: line 2, label: 1e+200 is too large",
    );
    expect(await imported("1 1:1\n1e200 1:2\n")).toBe("imported");
  });

  it("are no smaller ones: (1e77)^4 = 1e308 is a float64", async () => {
    expect(await imported("1 1:1e77\n-1 1:1\n")).toBe("imported");
    expect(await imported("1 1:3.4028235e38\n-1 1:3.4028235e38\n")).toBe("imported");
  });

  it("are found by a sum of squares, of any length and range", () => {
    for (let length = 0; length < 12; length++) {
      const values = Float64Array.from({ length }, (_, i) => i + 1);
      // 1 + 4 + ... + n^2 = n (n + 1) (2 n + 1) / 6
      expect(sumOfSquares(values)).toBe((length * (length + 1) * (2 * length + 1)) / 6);
      if (length > 2) expect(sumOfSquares(values, 1, 3)).toBe(4 + 9);
    }
    expect(sumOfSquares(Float64Array.of(1, 2, 3, 4, 1e200))).toBe(Infinity);
  });
});
