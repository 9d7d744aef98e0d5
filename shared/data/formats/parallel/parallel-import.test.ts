import { describe, expect, it } from "vitest";
import { MarinaError } from "../../../base/errors.ts";
import { importLibsvm, importRows } from "../../import.ts";
import { memoryStore } from "../../testing/memory-store.ts";
import { LibsvmSource } from "../libsvm-source.ts";

/** Long enough for threads: more than 8 MiB. Rows differ in length, values and labels; some lines are no rows. */
function longText(): string {
  const lines = Array.from({ length: 360_000 }, (_, l) => {
    if (l % 1000 === 7) return "# a comment";
    const entries = Array.from(
      { length: l % 13 },
      (_, k) => `${1 + 3 * k + (l % 3)}:${(l + k) % 4 === 0 ? 0.25 * k : 1}`,
    );
    return [l % 5 === 0 ? 2 : -1, ...entries].join(" ");
  });
  return `${lines.join("\n")}\n`;
}

async function importText(text: string, threads: number) {
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 700_001) yield bytes.slice(at, at + 700_001);
  }
  const objects = memoryStore();
  const options = { name: "long", sourceName: "long.txt", labels: "binary", objects } as const;
  return { objects, manifest: await importLibsvm(chunks(), options, threads) };
}

async function failureOf(text: string, threads: number): Promise<string> {
  return importText(text, threads).then(
    () => "none",
    (error: unknown) => {
      if (!(error instanceof MarinaError)) throw error;
      return `${error.code}: ${error.message}`;
    },
  );
}

describe("import with parser threads", () => {
  const text = longText();

  it("stores the same bytes under the same manifest as one thread", async () => {
    expect(text.length).toBeGreaterThan(10 * 1024 * 1024);
    const [one, three] = [await importText(text, 0), await importText(text, 3)];
    expect(three.manifest).toEqual(one.manifest);
    const { key } = one.manifest.object;
    expect(Buffer.compare((await three.objects.get(key)).body, (await one.objects.get(key)).body)).toBe(0);
  });

  it("names the line of a mistake that a thread met, and the first of two", async () => {
    const at = text.lastIndexOf("\n", text.length - 100) + 1;
    const line = text.slice(0, at).split("\n").length;
    const broken = `${text.slice(0, at)}1 5:1 5:2\n1 x\n${text.slice(at)}`;
    for (const threads of [0, 2]) {
      expect(await failureOf(broken, threads)).toMatch(
        new RegExp(
          `^data: long.txt: line ${line}, column 7: expected each index once in a line, 5 comes again`,
        ),
      );
      // The label comes before the other mistakes.
      const third = `${text.slice(0, at)}7 1:1\n1 x\n${text.slice(at)}`;
      expect(await failureOf(third, threads)).toMatch(
        new RegExp(`^data: long.txt: line ${line}: expected one of the two labels`),
      );
    }
  });

  it("counts rows that were not in order, and stores them as if they had been", async () => {
    const sorted = `${text}2 1:1 5:2\n`;
    const unsorted = `2 9:1 3:1\n${text}2 5:2 1:1\n`;
    const source = (contents: string, threads: number) => {
      async function* chunks() {
        yield new TextEncoder().encode(contents);
      }
      return new LibsvmSource(chunks(), { name: "long.txt", threads });
    };
    const bodies = [];
    for (const threads of [0, 2]) {
      const rows = source(unsorted, threads);
      const objects = memoryStore();
      const { object } = await importRows(rows, { name: "long", sourceName: "l", labels: "binary", objects });
      bodies.push((await objects.get(object.key)).body);
      expect(rows.notices).toEqual(["sorted the entries of 2 rows, where indices were not in order"]);
    }
    const { objects, manifest } = await importText(`2 3:1 9:1\n${sorted}`, 0);
    const expected = (await objects.get(manifest.object.key)).body;
    for (const body of bodies) expect(Buffer.compare(body, expected)).toBe(0);
  });

  it("takes a last line without an end", async () => {
    const open = `${text}2 1:1`;
    expect((await importText(open, 2)).manifest).toEqual((await importText(open, 0)).manifest);
    expect((await importText(open, 2)).manifest.rows).toBe((await importText(text, 0)).manifest.rows + 1);
  });
});
