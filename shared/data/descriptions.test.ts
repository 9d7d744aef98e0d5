import { describe, expect, it } from "vitest";
import { manifestKey } from "../protocol/keys.ts";
import { decodeStoredRun, encodeStoredRun, runDigest } from "../protocol/stored/run.ts";
import { DIGEST, storedRun } from "../protocol/testing/samples.ts";
import { Descriptions } from "./descriptions.ts";
import { importLibsvm } from "./import.ts";
import { parseManifest } from "./manifest.ts";
import { memoryStore } from "./testing/memory-store.ts";

async function storedManifest(): Promise<Uint8Array> {
  const objects = memoryStore();
  const source = (async function* () {
    yield new TextEncoder().encode("1 1:1 3:2\n-1 2:0.5\n");
  })();
  await importLibsvm(source, { name: "two", sourceName: "two", labels: "binary", objects });
  return (await objects.get(manifestKey("two"))).body;
}

describe("descriptions that were read before", () => {
  it("are what their bytes say, once for the same bytes", async () => {
    const descriptions = new Descriptions();
    const run = encodeStoredRun(storedRun());
    const found = descriptions.run(run, "key");
    expect(found).toEqual({ stored: decodeStoredRun(run, "key"), digest: runDigest(storedRun()) });
    expect(descriptions.run(run, "key")).toBe(found);
    const manifest = await storedManifest();
    expect(descriptions.manifest(manifest, "key")).toEqual(parseManifest(manifest, "key"));
    expect(descriptions.manifest(manifest, "key")).toBe(descriptions.manifest(manifest, "key"));
  });

  it("of other bytes are read anew, be they equal or not", () => {
    const descriptions = new Descriptions();
    const run = encodeStoredRun(storedRun());
    const found = descriptions.run(run, "key");
    const again = descriptions.run(new Uint8Array(run), "key");
    expect(again).toEqual(found);
    expect(again).not.toBe(found);
    const other = encodeStoredRun({ ...storedRun(), data: { sha256: DIGEST, etag: "other" } });
    expect(descriptions.run(other, "key").digest).not.toBe(found.digest);
  });

  it("that can't be read are refused each time", async () => {
    const descriptions = new Descriptions();
    const run = encodeStoredRun(storedRun());
    descriptions.run(run, "key");
    const cut = new Uint8Array(run.subarray(0, run.length - 5));
    for (let time = 0; time < 2; time++) expect(() => descriptions.run(cut, "key")).toThrow("key: expected");
    const manifest = (await storedManifest()).slice(1);
    for (let time = 0; time < 2; time++)
      expect(() => descriptions.manifest(manifest, "key")).toThrow("key: expected JSON");
  });
});
