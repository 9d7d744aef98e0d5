import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { importLibsvm, importRows } from "../../shared/data/import.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { inputOf } from "./input.ts";
import { openSource } from "./open-source.ts";
import { readingOf } from "./reading.ts";

/** As Python's zipfile writes them. */
const zips = {
  // Of data/, data/table.csv ("a,y" and twenty times "1,2" and "3,4"), __MACOSX/data/._table.csv and data/.DS_Store.
  deflated:
    "UEsDBBQAAAAIAHm8e10AAAAAAgAAAAAAAAAFAAAAZGF0YS8DAFBLAwQUAAAACAB5vHtd/0CNGw8AAACkAAAADgAAAGRhdGEvdGFibGUuY3N2S9Sp5DLUMeIy1jEZtDQAUEsDBBQAAAAIAHm8e105nPsGBgAAAAQAAAAZAAAAX19NQUNPU1gvZGF0YS8uX3RhYmxlLmNzdssqzcsGAFBLAwQUAAAACAB5vHtdOZz7BgYAAAAEAAAADgAAAGRhdGEvLkRTX1N0b3JlyyrNywYAUEsBAhQDFAAAAAgAebx7XQAAAAACAAAAAAAAAAUAAAAAAAAAAAAQAP1BAAAAAGRhdGEvUEsBAhQDFAAAAAgAebx7Xf9AjRsPAAAApAAAAA4AAAAAAAAAAAAAAIABJQAAAGRhdGEvdGFibGUuY3N2UEsBAhQDFAAAAAgAebx7XTmc+wYGAAAABAAAABkAAAAAAAAAAAAAAIABYAAAAF9fTUFDT1NYL2RhdGEvLl90YWJsZS5jc3ZQSwECFAMUAAAACAB5vHtdOZz7BgYAAAAEAAAADgAAAAAAAAAAAAAAgAGdAAAAZGF0YS8uRFNfU3RvcmVQSwUGAAAAAAQABADyAAAAzwAAAAAA",
  kept: "UEsDBBQAAAAAAHm8e100+s4GDQAAAA0AAAAFAAAAeC5zdm0xIDE6MQotMSAyOjEKUEsBAhQDFAAAAAAAebx7XTT6zgYNAAAADQAAAAUAAAAAAAAAAAAAAIABAAAAAHguc3ZtUEsFBgAAAAABAAEAMwAAADAAAAAAAA==",
  two: "UEsDBBQAAAAIAHm8e11f26GNBgAAAAQAAAAFAAAAYS5jc3ZL1KnkAgBQSwMEFAAAAAgAebx7XV/boY0GAAAABAAAAAUAAABiLmNzdkvUqeQCAFBLAQIUAxQAAAAIAHm8e11f26GNBgAAAAQAAAAFAAAAAAAAAAAAAACAAQAAAABhLmNzdlBLAQIUAxQAAAAIAHm8e11f26GNBgAAAAQAAAAFAAAAAAAAAAAAAACAASkAAABiLmNzdlBLBQYAAAAAAgACAGYAAABSAAAAAAA=",
  workbook:
    "UEsDBBQAAAAIAHm8e12DFtyMAwAAAAEAAAATAAAAW0NvbnRlbnRfVHlwZXNdLnhtbKsAAFBLAwQUAAAACAB5vHtdgxbcjAMAAAABAAAADwAAAHhsL3dvcmtib29rLnhtbKsAAFBLAQIUAxQAAAAIAHm8e12DFtyMAwAAAAEAAAATAAAAAAAAAAAAAACAAQAAAABbQ29udGVudF9UeXBlc10ueG1sUEsBAhQDFAAAAAgAebx7XYMW3IwDAAAAAQAAAA8AAAAAAAAAAAAAAIABNAAAAHhsL3dvcmtib29rLnhtbFBLBQYAAAAAAgACAH4AAABkAAAAAAA=",
};

const folder = mkdtempSync(join(tmpdir(), "marina-zip-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const bytesOf = (zip: keyof typeof zips) => Buffer.from(zips[zip], "base64");

async function imported(path: string) {
  const input = await inputOf([path], () => Promise.reject(new Error("not asked for")));
  const reading = readingOf(input.files, path.endsWith("t.zip") ? { labelColumn: "y" } : {});
  const source = await openSource(input, reading, "real");
  const objects = memoryStore();
  return importRows(source, { name: "t", sourceName: input.name, labels: "real", reading, objects });
}

async function fromText(text: string) {
  async function* once() {
    yield new TextEncoder().encode(text);
  }
  const objects = memoryStore();
  return importLibsvm(once(), { name: "t", sourceName: "t", labels: "real", objects });
}

describe("a zip file with one file in it", () => {
  it("is read as that file is, by its name, without what a Mac adds", async () => {
    const manifest = await imported(file("t.zip", bytesOf("deflated")));
    expect(manifest.reading).toMatchObject({ format: "csv" });
    expect(manifest.source).toMatchObject({ fileName: "t.zip", bytes: 4 + 20 * 8 });
    expect(manifest.object.sha256).toBe((await fromText("2 1:1\n4 1:3\n".repeat(20))).object.sha256);
  });

  it("may hold it uncompressed", async () => {
    const expected = await fromText("1 1:1\n-1 2:1\n");
    const manifest = await imported(file("kept.bin", bytesOf("kept")));
    expect(manifest.object.sha256).toBe(expected.object.sha256);
  });

  it("is refused where it is damaged or cut off", async () => {
    const changed = bytesOf("kept");
    // "2:1" becomes "6:1": only the checksum tells.
    changed[changed.indexOf("2:1")]! ^= 4;
    await expect(imported(file("kept.bin", changed))).rejects.toThrow(/^kept\.bin: the zip file is damaged/);
    const whole = bytesOf("deflated");
    const broken = Buffer.from(whole);
    broken.fill(0xff, whole.indexOf("table.csv") + 9, whole.indexOf("table.csv") + 14);
    await expect(imported(file("t.zip", broken))).rejects.toThrow(
      /^t\.zip: expected a zip file, cut off or damaged\?/,
    );
    await expect(imported(file("t.zip", whole.subarray(0, -30)))).rejects.toThrow(
      /^t\.zip: expected a zip file, cut off or damaged\?/,
    );
  });
});

describe("a zip file with several", () => {
  it("is refused by their names, and a workbook as what it is", async () => {
    await expect(imported(file("two.bin", bytesOf("two")))).rejects.toThrow(
      /^two\.bin: expected one file in the zip file, got a\.csv, b\.csv; unzip it/,
    );
    await expect(imported(file("book.xlsx", bytesOf("workbook")))).rejects.toThrow(
      /^book\.xlsx: is an Excel workbook; save its sheet as CSV/,
    );
  });
});
