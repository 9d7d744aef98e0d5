import { describe, expect, it } from "vitest";
import { EmbeddedObjects } from "./object-store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the object store", () => {
  it("gives ETags as S3 does: MD5 in hex and quotes (RFC 1321's test vectors)", () => {
    const store = new EmbeddedObjects();
    expect(store.put("a", bytes("message digest"))).toBe('"f96b697d7cb7938d525a2f31aaf161d0"');
    expect(store.put("b", bytes(""))).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
  });

  it("returns the very bytes that were put, and ranges as views of them", () => {
    const store = new EmbeddedObjects();
    const body = bytes("0123456789");
    store.put("k", body);
    expect(store.get("k").body).toBe(body);
    const part = store.get("k", { range: { start: 2, end: 5 } }).body;
    expect(new TextDecoder().decode(part)).toBe("234");
    expect(part.buffer).toBe(body.buffer);
    expect(store.get("k", { range: { start: 8, end: 99 } }).body.length).toBe(2);
    expect(() => store.get("k", { range: { start: 10, end: 12 } })).toThrow(
      /selects nothing of its 10 bytes/,
    );
  });

  it("keeps its word on conditional writes", () => {
    const store = new EmbeddedObjects();
    const first = store.put("k", bytes("1"), { ifNoneMatch: "*" });
    expect(() => store.put("k", bytes("2"), { ifNoneMatch: "*" })).toThrow(
      expect.objectContaining({ code: "precondition-failed" }),
    );
    const second = store.put("k", bytes("2"), { ifMatch: first });
    expect(() => store.put("k", bytes("3"), { ifMatch: first })).toThrow(
      expect.objectContaining({ code: "precondition-failed" }),
    );
    expect(new TextDecoder().decode(store.get("k").body)).toBe("2");
    expect(store.get("k", { ifMatch: second }).etag).toBe(second);
    expect(() => store.get("k", { ifMatch: first })).toThrow(
      expect.objectContaining({ code: "precondition-failed" }),
    );
    expect(() => store.put("new", bytes("1"), { ifMatch: first })).toThrow(
      expect.objectContaining({ code: "not-found" }),
    );
  });

  it("lists by prefix in order and forgets what is deleted", () => {
    const store = new EmbeddedObjects();
    for (const key of ["runs/b", "runs/a/2", "runs/a/10", "data/x"]) store.put(key, bytes(key));
    expect(store.list("runs/")).toEqual(["runs/a/10", "runs/a/2", "runs/b"]);
    store.delete("runs/b");
    store.delete("runs/b");
    expect(store.list("runs/")).toEqual(["runs/a/10", "runs/a/2"]);
    expect(() => store.get("runs/b")).toThrow(expect.objectContaining({ code: "not-found" }));
  });

  it("shows a streamed object only when it is complete", async () => {
    const store = new EmbeddedObjects();
    async function* chunks(fails: boolean): AsyncGenerator<Uint8Array> {
      yield bytes("message ");
      if (fails) throw new Error("source broke");
      yield bytes("digest");
    }
    await expect(store.putStream("k", chunks(true))).rejects.toThrow("source broke");
    expect(store.list("")).toEqual([]);
    expect(await store.putStream("k", chunks(false))).toBe('"f96b697d7cb7938d525a2f31aaf161d0"');
  });
});
