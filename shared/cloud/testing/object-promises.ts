/** What the port ObjectStore promises, asked of any store: the embedded one, S3, and whatever calls itself S3. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ObjectStore } from "../index.ts";
import { endingOf, type Promised } from "./promised.ts";

const CONTENDERS = 20;
/** More than S3 lists at a time. */
const LISTED = 1100;
const LISTED_TOGETHER = 20;
/** More than a part of an upload. */
const LARGE_CHUNKS = 20;
const CHUNK_BYTES = 1_000_000;
const OTHER_ETAG = '"0123456789abcdef0123456789abcdef"';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);

async function* chunks(count: number, size: number, breaksAt = -1): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    if (i === breaksAt) throw new Error("the source broke");
    yield new Uint8Array(size).fill(i + 1);
  }
}

/** Of a store in which nothing has been written by others. */
export const OBJECT_PROMISES: readonly Promised<ObjectStore>[] = [
  {
    name: "an object comes back byte by byte under any key, with the MD5 of its bytes as ETag",
    holds: async (store) => {
      for (const [key, body] of [
        ["plain", "abcdef"],
        ["a/b c+ü", "abcdef"],
        ["empty", ""],
      ] as const) {
        const etag = await store.put(key, bytes(body));
        assert.equal(etag, `"${createHash("md5").update(body).digest("hex")}"`);
        const stored = await store.get(key);
        assert.deepEqual([text(stored.body), stored.etag], [body, etag]);
      }
    },
  },
  {
    name: "a range ends before its end, is cut at the object's, and is refused beyond it",
    holds: async (store) => {
      await store.put("k", bytes("abcdef"));
      const part = async (start: number, end: number): Promise<string> =>
        text((await store.get("k", { range: { start, end } })).body);
      assert.equal(await part(2, 4), "cd");
      assert.equal(await part(4, 99), "ef");
      assert.equal(await endingOf(part(10, 12)), "usage");
    },
  },
  {
    name: "a read of one version finds that version only",
    holds: async (store) => {
      const etag = await store.put("k", bytes("abc"));
      const range = { start: 0, end: 1 };
      assert.equal(text((await store.get("k", { ifMatch: etag, range })).body), "a");
      assert.equal(await endingOf(store.get("k", { ifMatch: OTHER_ETAG })), "precondition-failed");
    },
  },
  {
    name: "what is not there is not found, whatever the condition",
    holds: async (store) => {
      assert.equal(await endingOf(store.get("none")), "not-found");
      assert.equal(await endingOf(store.get("none", { ifMatch: OTHER_ETAG })), "not-found");
      assert.equal(await endingOf(store.put("none", bytes("1"), { ifMatch: OTHER_ETAG })), "not-found");
      assert.deepEqual(await store.list(""), []);
    },
  },
  {
    name: "what must be new is written once, and a refused write changes nothing",
    holds: async (store) => {
      await store.put("k", bytes("1"), { ifNoneMatch: "*" });
      assert.equal(await endingOf(store.put("k", bytes("2"), { ifNoneMatch: "*" })), "precondition-failed");
      assert.equal(text((await store.get("k")).body), "1");
    },
  },
  {
    name: "what must be as it was read is replaced, and a refused write changes nothing",
    holds: async (store) => {
      const first = await store.put("k", bytes("1"));
      const second = await store.put("k", bytes("2"), { ifMatch: first });
      assert.notEqual(second, first);
      assert.equal(await endingOf(store.put("k", bytes("3"), { ifMatch: first })), "precondition-failed");
      assert.equal(text((await store.get("k")).body), "2");
    },
  },
  {
    name: `of ${CONTENDERS} writers at once that must find what they read, one wins`,
    holds: async (store) => {
      const ifMatch = await store.put("k", bytes("0"));
      await oneWins(store, { ifMatch });
    },
  },
  {
    name: `of ${CONTENDERS} writers at once that must be the first, one wins`,
    holds: (store) => oneWins(store, { ifNoneMatch: "*" }),
  },
  {
    name: "what was deleted is gone, and is deleted again without an error",
    holds: async (store) => {
      await store.put("k", bytes("1"));
      await store.delete("k");
      await store.delete("k");
      assert.equal(await endingOf(store.get("k")), "not-found");
      await store.put("k", bytes("2"), { ifNoneMatch: "*" });
    },
  },
  {
    name: `${LISTED} keys are listed whole, by their beginning, in order`,
    holds: async (store) => {
      const keys = Array.from({ length: LISTED }, (_, i) => `l/${String(i).padStart(5, "0")}`);
      for (let i = 0; i < keys.length; i += LISTED_TOGETHER) {
        await Promise.all(
          keys
            .slice(i, i + LISTED_TOGETHER)
            .reverse()
            .map((key) => store.put(key, bytes("x"))),
        );
      }
      assert.deepEqual(await store.list("l/"), keys);
      assert.deepEqual(await store.list("l/0000"), keys.slice(0, 10));
      assert.deepEqual(await store.list("m/"), []);
    },
  },
  {
    name: "3 MB come back as they were",
    holds: async (store) => {
      const body = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 2_654_435_761) >>> 24);
      await store.put("k", body);
      assert.equal(Buffer.compare((await store.get("k")).body, body), 0);
    },
  },
  {
    name: "a short stream is an object like any other",
    holds: async (store) => {
      const etag = await store.putStream("k", chunks(3, 1000));
      const stored = await store.get("k");
      assert.deepEqual([stored.body.length, stored.etag], [3000, etag]);
    },
  },
  {
    name: "a long stream comes back whole and by ranges, and replaces what was there",
    holds: async (store) => {
      await store.put("k", bytes("before"));
      const etag = await store.putStream("k", chunks(LARGE_CHUNKS, CHUNK_BYTES));
      const stored = await store.get("k");
      assert.deepEqual([stored.body.length, stored.etag], [LARGE_CHUNKS * CHUNK_BYTES, etag]);
      for (let i = 0; i < LARGE_CHUNKS; i++) {
        assert.deepEqual(
          [stored.body[i * CHUNK_BYTES], stored.body[(i + 1) * CHUNK_BYTES - 1]],
          [i + 1, i + 1],
        );
      }
      const range = { start: 8 * CHUNK_BYTES - 1, end: 8 * CHUNK_BYTES + 1 };
      assert.deepEqual([...(await store.get("k", { range, ifMatch: etag })).body], [8, 9]);
    },
  },
  {
    name: "a stream that breaks tells its own error and leaves what was there",
    holds: async (store) => {
      await store.put("k", bytes("before"));
      const broken = store.putStream("k", chunks(LARGE_CHUNKS, CHUNK_BYTES, 15));
      assert.equal(await endingOf(broken), "Error: the source broke");
      assert.equal(text((await store.get("k")).body), "before");
    },
  },
];

async function oneWins(store: ObjectStore, condition: Parameters<ObjectStore["put"]>[2]): Promise<void> {
  const endings = await Promise.all(
    Array.from({ length: CONTENDERS }, (_, i) => endingOf(store.put("k", bytes(`writer ${i}`), condition))),
  );
  const winner = endings.indexOf("succeeded");
  assert.deepEqual(
    endings.map((ending, i) => (i === winner ? "" : ending)),
    endings.map((_, i) => (i === winner ? "" : "precondition-failed")),
  );
  assert.equal(text((await store.get("k")).body), `writer ${winner}`);
}
