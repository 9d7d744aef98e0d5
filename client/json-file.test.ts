import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPrices } from "../cli/actions/cost.ts";
import { MarinaError } from "../shared/base/errors.ts";
import { PRICES_US_EAST_1 } from "../shared/cost/prices.ts";
import { readSweep } from "../sweep/sweep-file.ts";
import { readJson } from "./json-file.ts";
import { readSpec } from "./spec-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "marina-json-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const marked = (value: unknown): Buffer => Buffer.concat([MARK, Buffer.from(JSON.stringify(value))]);
const spec = {
  data: "mushrooms",
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "gd" },
  stop: { rounds: 3 },
};

describe("JSON that people write", () => {
  it("may have a byte order mark: specs, sweeps, their bases, and prices", () => {
    const path = file("spec.json", marked(spec));
    expect(readSpec(path, []).workers).toBe(5);
    const sweep = file("sweep.json", marked({ name: "s", base: "spec.json", grid: { workers: [1, 2] } }));
    expect(readSweep(sweep)).toMatchObject({ sweep: { grid: { workers: [1, 2] } }, base: spec });
    expect(readPrices(file("prices.json", marked(PRICES_US_EAST_1)))).toEqual(PRICES_US_EAST_1);
  });

  it("may be UTF-16, as PowerShell writes what is sent to a file", () => {
    const value = { name: "größe", list: [1, 2] };
    const little = Buffer.from(`\ufeff${JSON.stringify(value)}\r\n`, "utf16le");
    expect(readJson(file("le.json", little)).value).toEqual(value);
    expect(readJson(file("be.json", Buffer.from(little).swap16())).value).toEqual(value);
  });

  it.each([
    ['{\n  "workers": 5,\n  "seed": one\n}', 'line 3, column 11: Unexpected "one"'],
    ['{"workers": 5,\n}', "line 1, column 14: JSON does not support trailing commas"],
    ['{"a": 1', 'line 1, column 8: Expected "," but found end of file'],
    ["", "line 1, column 1: Unexpected end of file"],
    ["// mine\n{}", "line 1, column 1: JSON does not support comments"],
    // Columns count characters, not bytes.
    ['{"größe": ä}', 'line 1, column 11: Unexpected "ä"'],
  ])("that is none is refused by line and column: %j", (text, where) => {
    let error: unknown;
    try {
      readSpec(file("broken.json", text), []);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MarinaError);
    expect(error).toMatchObject({ code: "spec", message: `broken.json: not JSON: ${where}` });
  });

  it("that can't be read says what to give", () => {
    expect(() => readSpec(join(folder, "none.json"), [])).toThrow(
      /none\.json: can't be read .*give the path of a spec/,
    );
  });
});
