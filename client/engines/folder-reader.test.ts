import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEmbeddedCloud } from "../../embedded/cloud.ts";
import { folderReader } from "./folder-reader.ts";

const home = mkdtempSync(join(tmpdir(), "marina-folder-"));
const body = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) % 251);
let etag: string;

beforeAll(async () => {
  const cloud = createEmbeddedCloud({ seed: 1, home });
  await cloud.client.objects.put("datasets/a/rows-1", body);
  cloud.flush();
  ({ etag } = await cloud.client.objects.get("datasets/a/rows-1"));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("objects as they are on disk", () => {
  it("have the bytes and the ETag that the cloud which wrote them says", async () => {
    const found = await folderReader(home).get("datasets/a/rows-1");
    expect(found.etag).toBe(etag);
    expect(Buffer.compare(found.body, body)).toBe(0);
  });

  it("are read by ranges, under the condition of an ETag", async () => {
    const range = { start: 1_999_990, end: 2_500_000 };
    const found = await folderReader(home).get("datasets/a/rows-1", { range, ifMatch: etag });
    expect(found.etag).toBe(etag);
    expect(Buffer.compare(found.body, body.subarray(range.start, range.end))).toBe(0);
    const beyond = await folderReader(home).get("datasets/a/rows-1", {
      range: { start: 2_999_998, end: 9e9 },
    });
    expect(beyond.body).toEqual(body.subarray(2_999_998));
  });

  it("of another ETag are refused, whole and by ranges", async () => {
    for (const options of [{}, { range: { start: 0, end: 1 } }]) {
      const read = folderReader(home).get("datasets/a/rows-1", { ...options, ifMatch: '"other"' });
      await expect(read).rejects.toMatchObject({ code: "precondition-failed" });
    }
    await expect(folderReader(home).get("datasets/b", { ifMatch: "x" })).rejects.toMatchObject({
      code: "not-found",
    });
  });
});
