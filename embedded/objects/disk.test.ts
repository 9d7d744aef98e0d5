import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { selfDescribing } from "../testing/steady-writer.ts";
import { explainDiskError, openFolder } from "./disk.ts";
import { EmbeddedObjects, type ObjectFolder, RESIDENT_LIMIT_BYTES } from "./object-store.ts";

const WRITER = fileURLToPath(new URL("../testing/steady-writer.ts", import.meta.url));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "marina-disk-"));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

/** A folder that notes what is done to it, and breaks after so many writes. */
function watched(
  folder: ObjectFolder,
  log: string[],
  writesAllowed = Number.POSITIVE_INFINITY,
): ObjectFolder {
  let left = writesAllowed;
  return {
    ...folder,
    write(key, body) {
      if (left-- <= 0) throw new Error("crash");
      log.push(`write ${key}`);
      folder.write(key, body);
    },
    remove(key) {
      log.push(`remove ${key}`);
      folder.remove(key);
    },
  };
}

describe("a store over a folder", () => {
  it("is found again by the next process, ETags and all", () => {
    const store = new EmbeddedObjects(openFolder(home));
    const etag = store.put("runs/a/checkpoint", bytes("state"));
    store.put("runs/a/gone", bytes("x"));
    store.flush();
    store.delete("runs/a/gone");
    store.flush();
    expect(text(readFileSync(join(home, "objects", "runs", "a", "checkpoint")))).toBe("state");

    const next = new EmbeddedObjects(openFolder(home));
    expect(next.list("")).toEqual(["runs/a/checkpoint"]);
    expect(next.get("runs/a/checkpoint").etag).toBe(etag);
    expect(text(next.get("runs/a/checkpoint").body)).toBe("state");
    next.put("runs/a/checkpoint", bytes("later"), { ifMatch: etag });
    expect(() => next.put("runs/a/checkpoint", bytes("never"), { ifMatch: etag })).toThrow(/ETag/);
    expect(readdirSync(join(home, "partial"))).toEqual([]);
  });

  it("writes in the order of the last put, each key once, and removes after all writes", () => {
    const log: string[] = [];
    const store = new EmbeddedObjects(watched(openFolder(home), log));
    store.put("old", bytes("0"));
    store.flush();
    log.length = 0;
    store.delete("old");
    store.put("checkpoint", bytes("1"));
    store.put("iterate-1", bytes("1"));
    store.put("checkpoint", bytes("2"));
    store.flush();
    store.flush();
    expect(log).toEqual(["write iterate-1", "write checkpoint", "remove old"]);
  });

  it("leaves a state to resume from wherever a flush is cut off, and finishes it later", () => {
    // Iterates are written before the checkpoint that names them, and removed after the one that doesn't.
    for (let allowed = 0; allowed <= 2; allowed++) {
      rmSync(home, { recursive: true, force: true });
      const first = new EmbeddedObjects(openFolder(home));
      first.put("iterate-1", bytes("one"));
      first.put("checkpoint", bytes("iterate-1"));
      first.flush();

      const log: string[] = [];
      const store = new EmbeddedObjects(watched(openFolder(home), log, allowed));
      store.put("iterate-2", bytes("two"));
      store.put("checkpoint", bytes("iterate-2"));
      store.delete("iterate-1");
      if (allowed < 2) expect(() => store.flush()).toThrow("crash");
      else store.flush();

      const resumed = new EmbeddedObjects(openFolder(home));
      const named = text(resumed.get("checkpoint").body);
      expect(named).toBe(allowed < 2 ? "iterate-1" : "iterate-2");
      expect(resumed.list("")).toContain(named);
    }
  });

  it("reads ranges of a large object without loading it, and shares the whole of it", () => {
    const size = RESIDENT_LIMIT_BYTES + 1000;
    const folder = openFolder(home);
    const reads: number[] = [];
    const noted: ObjectFolder = {
      ...folder,
      read(key, range) {
        reads.push(range === undefined ? size : range.end - range.start);
        return folder.read(key, range);
      },
    };
    const body = new Uint8Array(size);
    body[size - 1] = 9;
    folder.write("large", body);
    const store = new EmbeddedObjects(noted);
    const tail = store.get("large", { range: { start: size - 10, end: size } });
    expect(tail.body[9]).toBe(9);
    expect(tail.body.length).toBe(10);
    expect(reads).toEqual([10]);
    const whole = store.get("large").body;
    expect(store.get("large").body).toBe(whole);
    expect(reads).toEqual([10, size]);
  });

  it("streams an upload to its place, and leaves nothing when the source breaks", async () => {
    const store = new EmbeddedObjects(openFolder(home));
    async function* chunks(fails: boolean): AsyncGenerator<Uint8Array> {
      yield bytes("message ");
      if (fails) throw new Error("source broke");
      yield bytes("digest");
    }
    await expect(store.putStream("d/k", chunks(true))).rejects.toThrow("source broke");
    expect(existsSync(join(home, "objects", "d", "k"))).toBe(false);
    expect(readdirSync(join(home, "partial"))).toEqual([]);
    expect(await store.putStream("d/k", chunks(false))).toBe('"f96b697d7cb7938d525a2f31aaf161d0"');
    expect(text(readFileSync(join(home, "objects", "d", "k")))).toBe("message digest");
    expect(text(store.get("d/k").body)).toBe("message digest");
  });

  it.each(["../x", "a/../../x", "/etc/x", "a//b", "a/.", "", "a\\b", "a\0b"])("refuses the key %j", (key) => {
    const store = new EmbeddedObjects(openFolder(home));
    expect(() => store.put(key, bytes("x"))).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is read whole and of one version, ETag and bytes, hundreds of times while another process writes", async () => {
    const writer = spawn(process.execPath, [WRITER, home], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(writer.stdout, "data");
      const sizes = new Set<number>();
      let missing = 0;
      for (let look = 0; look < 600; look++) {
        const store = new EmbeddedObjects(openFolder(home));
        const { body, etag } = store.get("runs/a/checkpoint");
        const size = new DataView(body.buffer, body.byteOffset).getUint32(0);
        expect(body.length).toBe(size);
        expect(body.at(-1)).toBe(size % 251);
        expect(etag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
        // Within one process it stays what it was.
        expect(store.get("runs/a/checkpoint", { ifMatch: etag }).body).toBe(body);
        sizes.add(size);
        try {
          const result = store.get("runs/a/result").body;
          expect(result).toEqual(selfDescribing(result.length));
        } catch (error) {
          expect(error).toMatchObject({ code: "not-found" });
          missing++;
        }
        if (look % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(writer.exitCode).toBeNull();
      // It did change under the reader's hands.
      expect(sizes.size).toBeGreaterThan(50);
      expect(missing).toBeGreaterThan(0);
    } finally {
      writer.kill("SIGKILL");
    }
  }, 60_000);

  it("looks a large object up anew when it was replaced between its ETag and its bytes", () => {
    const size = RESIDENT_LIMIT_BYTES + 8;
    const [older, newer] = [new Uint8Array(size), new Uint8Array(size).fill(1)];
    const folder = openFolder(home);
    folder.write("large", older);
    let reads = 0;
    const store = new EmbeddedObjects({
      ...folder,
      read(key, range) {
        if (reads++ === 0) folder.write("large", newer);
        return folder.read(key, range);
      },
    });
    const found = store.get("large", { range: { start: 0, end: 4 } });
    expect(found.body).toEqual(Uint8Array.of(1, 1, 1, 1));
    expect(found.etag).toBe(`"${createHash("md5").update(newer).digest("hex")}"`);
    expect(reads).toBe(2);
  });

  it("creates an object once, whichever process asks", () => {
    const [first, second] = [new EmbeddedObjects(openFolder(home)), new EmbeddedObjects(openFolder(home))];
    first.put("before", bytes("1"));
    first.create("runs/a/spec.json", bytes("mine"));
    expect(readdirSync(join(home, "objects")).sort()).toEqual(["before", "runs"]);
    expect(() => second.create("runs/a/spec.json", bytes("yours"))).toThrow(
      expect.objectContaining({ code: "precondition-failed" }),
    );
    second.flush();
    expect(text(readFileSync(join(home, "objects", "runs", "a", "spec.json")))).toBe("mine");
    expect(text(second.get("runs/a/spec.json").body)).toBe("mine");
    expect(readdirSync(join(home, "partial"))).toEqual([]);
  });

  it("of which there is none yet is empty, and is made by the first write", () => {
    const none = join(home, "none");
    const store = new EmbeddedObjects(openFolder(none));
    expect(store.list("")).toEqual([]);
    expect(existsSync(none)).toBe(false);
    store.put("k", bytes("1"));
    store.flush();
    expect(text(readFileSync(join(none, "objects", "k")))).toBe("1");
  });

  it("that is a file is refused", () => {
    writeFileSync(join(home, "file"), "");
    expect(() => openFolder(join(home, "file"))).toThrow(/a file is where a folder is needed/);
  });

  it("takes away what a dead process left half written", () => {
    mkdirSync(join(home, "partial"), { recursive: true });
    writeFileSync(join(home, "partial", "999999999-0"), "half");
    writeFileSync(join(home, "partial", `${process.ppid}-0`), "someone's");
    openFolder(home);
    expect(readdirSync(join(home, "partial"))).toEqual([`${process.ppid}-0`]);
  });

  it("says what to do when it can't write, and has lost nothing", () => {
    const store = new EmbeddedObjects(openFolder(home));
    store.put("a", bytes("file"));
    store.put("a/b", bytes("below a file"));
    expect(() => store.flush()).toThrow(
      expect.objectContaining({
        code: "unavailable",
        message: expect.stringMatching(/one key is the beginning of another/),
      }),
    );
    store.delete("a");
    expect(text(store.get("a/b").body)).toBe("below a file");
  });

  it.skipIf(process.getuid?.() === 0)("names a home that is not ours to write", () => {
    chmodSync(home, 0o500);
    const store = new EmbeddedObjects(openFolder(home));
    expect(store.list("")).toEqual([]);
    store.put("k", bytes("1"));
    expect(() => store.flush()).toThrow(/permission denied: choose another home folder/);
    chmodSync(home, 0o700);
  });

  it.skipIf(!existsSync("/dev/full"))("explains a full disk", () => {
    let full: unknown;
    try {
      writeFileSync("/dev/full", "x");
    } catch (error) {
      full = error;
    }
    const explained = explainDiskError("home/objects/k", "write", full);
    expect(explained.code).toBe("unavailable");
    expect(explained.message).toMatch(
      /can't write home\/objects\/k: the disk is full: free some space and run again/,
    );
  });
});
