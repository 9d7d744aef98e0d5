/** For tests: an object store in a map, with conditional writes and ranges. */
import { createHash } from "node:crypto";
import { MarinaError } from "../../base/errors.ts";
import type { ObjectStore } from "../../cloud/ports.ts";

export function memoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  const etagOf = (body: Uint8Array) => `"${createHash("md5").update(body).digest("hex")}"`;
  return {
    async get(key, { range, ifMatch } = {}) {
      const body = objects.get(key);
      if (body === undefined) throw new MarinaError("not-found", `object ${key}: no such key`);
      const etag = etagOf(body);
      if (ifMatch !== undefined && ifMatch !== etag)
        throw new MarinaError("precondition-failed", `object ${key}`);
      return { body: range === undefined ? body : body.subarray(range.start, range.end), etag };
    },
    async put(key, body, condition) {
      const old = objects.get(key);
      if (condition !== undefined) {
        const holds =
          "ifNoneMatch" in condition
            ? old === undefined
            : old !== undefined && etagOf(old) === condition.ifMatch;
        if (!holds) throw new MarinaError("precondition-failed", `object ${key}: condition not met`);
      }
      objects.set(key, body);
      return etagOf(body);
    },
    async putStream(key, chunks) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk.slice());
      const body = new Uint8Array(Buffer.concat(parts));
      objects.set(key, body);
      return etagOf(body);
    },
    async delete(key) {
      objects.delete(key);
    },
    async list(prefix) {
      return [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
  };
}
