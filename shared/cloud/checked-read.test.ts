import { describe, expect, it } from "vitest";
import { MarinaError } from "../base/errors.ts";
import { DamagedObject, readChecked } from "./checked-read.ts";

/** A store whose reads of anything come back with these bodies in turn. */
function storeOf(...bodies: readonly string[]) {
  let reads = 0;
  return {
    get: async () => {
      const body = bodies[reads++];
      if (body === undefined) throw new Error("read too often");
      return { body: new TextEncoder().encode(body), etag: `"${reads}"` };
    },
  };
}

function decode(body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  if (text.startsWith("torn")) throw new MarinaError("message", `key: ${text}`);
  if (text === "old") throw new MarinaError("version", "key: written by protocol version 1");
  if (text === "defect") throw new TypeError("a defect");
  return text;
}

describe("a checked read", () => {
  it("gives what a read after damaged ones brought, and that read's ETag", async () => {
    expect(await readChecked(storeOf("whole"), "key", decode)).toEqual({ value: "whole", etag: '"1"' });
    expect(await readChecked(storeOf("torn 1", "old", "whole"), "key", decode)).toEqual({
      value: "whole",
      etag: '"3"',
    });
  });

  it("of an object that stays damaged ends after three reads, and names the object", async () => {
    const error = await readChecked(storeOf("torn 1", "torn 2", "torn 3"), "key", decode).catch((e) => e);
    expect(error).toBeInstanceOf(DamagedObject);
    expect(error).toMatchObject({ key: "key", code: "message" });
    expect(error.message).toMatch(/^key: torn 3 .*3 reads of key/);
  });

  it("takes another version's object for what it is, not for damage", async () => {
    const error = await readChecked(storeOf("old", "old", "old"), "key", decode).catch((e) => e);
    expect(error).not.toBeInstanceOf(DamagedObject);
    expect(error).toMatchObject({ code: "version" });
  });

  it("does not repeat what fails for other reasons", async () => {
    await expect(readChecked(storeOf("defect"), "key", decode)).rejects.toThrow(TypeError);
    const missing = {
      get: async () => {
        throw new MarinaError("not-found", "object key: no such key");
      },
    };
    await expect(readChecked(missing, "key", decode)).rejects.toMatchObject({ code: "not-found" });
  });
});
