import { describe, expect, it } from "vitest";
import { ClassWords } from "./formats/class-words.ts";
import { CsvSource } from "./formats/csv-source.ts";
import { LibsvmSource } from "./formats/libsvm-source.ts";
import type { RowSource } from "./formats/row-source.ts";
import { checkHeldOut } from "./held-out.ts";
import { importRows } from "./import.ts";
import { encodeManifest, type LabelKind, type Manifest, parseManifest, type Reading } from "./manifest.ts";
import { openDenseRows } from "./rows/dense-rows.ts";
import { memoryStore } from "./testing/memory-store.ts";

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

function csv(text: string, missing: "mean" | "refuse" = "refuse"): RowSource {
  const classes = new ClassWords(true);
  return new CsvSource(once(text), { name: "t.csv", labelColumn: "y", classes, missing });
}

interface Stored {
  readonly manifest: Manifest;
  readonly x: number[];
  readonly y: number[];
}

async function stored(
  source: RowSource,
  reading: Partial<Reading>,
  { labels = "binary", like }: { readonly labels?: LabelKind; readonly like?: Manifest } = {},
): Promise<Stored> {
  const objects = memoryStore();
  const manifest = await importRows(source, {
    ...{ name: like === undefined ? "train" : "test", sourceName: "t", labels, objects },
    reading: (reading.format === "libsvm"
      ? reading
      : { format: "csv", labelColumn: "y", ...reading }) as Reading,
    ...(like === undefined ? {} : { like }),
  });
  expect(parseManifest(encodeManifest(manifest), "m")).toEqual(manifest);
  const { body } = await objects.get(manifest.object.key);
  const rows = openDenseRows(manifest, 0, manifest.rows, body, { start: 0, end: body.length });
  const x = Array.from(rows.values, (value) => rows.scale * value + rows.offset);
  return { manifest, x, y: Array.from(rows.labels!) };
}

/** a: mean 2, deviation 1 (a missing cell is the mean); b: mean 10, deviation 10. */
const TRAIN = "a,b,y\n1,0,no\n3,20,yes\n1,20,yes\n3,0,no\n,10,no\n";
const A = Math.sqrt(4 / 5);
const B = Math.sqrt(400 / 5);
const standardized = { missing: "mean", scaling: "standardize", intercept: true } as const;
const train = stored(csv(TRAIN, "mean"), standardized);

describe("rows read like those of another data set", () => {
  it("have its constants, its order of features by name, its constant feature and its labels", async () => {
    const { manifest: like } = await train;
    const { manifest, x, y } = await stored(
      csv("y,b,a\nyes,0,4\nno,30,\n", "mean"),
      { ...standardized, like: "train" },
      { like },
    );
    expect(x).toEqual([(4 - 2) / A, (0 - 10) / B, 1, 0, (30 - 10) / B, 1]);
    expect(y).toEqual([1, -1]);
    expect(manifest.features).toEqual(like.features);
    expect(manifest.labels).toMatchObject({ words: { negative: "no", positive: "yes" }, positives: 1 });
    expect(() => checkHeldOut(like, manifest, "heldOut.data")).not.toThrow();
  });

  it("may be of one class only, and in an order of their own", async () => {
    const { manifest: like } = await train;
    const order = { by: "shuffle", seed: 1 } as const;
    const numbers = Array.from({ length: 20 }, (_, l) => l + 1);
    const rows = `a,b,y\n${numbers.map((l) => `${l},0,yes\n`).join("")}`;
    const { manifest, x, y } = await stored(csv(rows), { ...standardized, order, like: "train" }, { like });
    expect(y).toEqual(numbers.map(() => 1));
    expect(manifest.labels).toMatchObject({ positives: 20, negatives: 0 });
    const a = x.filter((_, at) => at % 3 === 0).map((value) => Math.round(value * A + 2));
    expect(a).not.toEqual(numbers);
    expect([...a].sort((left, right) => left - right)).toEqual(numbers);
  });

  it("have its classes, by name, however a number is written", async () => {
    const classes = { labels: "classes" } as const;
    const { manifest: like } = await stored(csv("a,y\n1,10\n2,9\n3,1\n"), { shape: [1] }, classes);
    const { manifest, y } = await stored(csv("a,y\n5,1.0\n6,9\n"), { like: "train" }, { ...classes, like });
    expect(manifest.labels).toEqual({ kind: "classes", names: ["1", "9", "10"], counts: [1, 1, 0] });
    expect(manifest.dense).toEqual(like.dense);
    expect(y).toEqual([0, 1]);
    await expect(stored(csv("a,y\n5,2\n"), { like: "train" }, { ...classes, like })).rejects.toThrow(
      /line 2: expected a label of "train" \("1", "9", "10"\), got "2"/,
    );
  });

  it("have one class against the others as it has", async () => {
    const { manifest: like } = await stored(csv("a,y\n1,r\n2,g\n3,b\n"), { positive: "g" });
    const { y } = await stored(csv("a,y\n5,x\n6,g\n"), { positive: "g", like: "train" }, { like });
    expect(y).toEqual([-1, 1]);
  });

  it.each([
    ["a,y\n1,no\n", /there is no column "b"/],
    ["a,b,c,y\n1,2,3,no\n", /got the further column "c"; leave it out with --drop/],
    ["a,b,y\n1,2,maybe\n", /line 2: expected a label of "train" \("no", "yes"\), got "maybe"/],
  ])("are refused where they are others: %j", async (text, message) => {
    const { manifest: like } = await train;
    await expect(stored(csv(text), { ...standardized, like: "train" }, { like })).rejects.toThrow(message);
  });

  it("of text with indices have its number of features, and no further ones", async () => {
    const { manifest: like } = await stored(new LibsvmSource(once("1 1:1 5:2\n-1 2:1\n"), { name: "t" }), {
      format: "libsvm",
    });
    const source = () => new LibsvmSource(once("-1 2:4\n"), { name: "t" });
    const { manifest, x } = await stored(source(), { format: "libsvm", like: "train" }, { like });
    expect(manifest.featureCount).toBe(5);
    expect(x).toEqual([0, 4, 0, 0, 0]);
    const more = new LibsvmSource(once("-1 6:4\n"), { name: "t" });
    await expect(stored(more, { format: "libsvm", like: "train" }, { like })).rejects.toThrow(
      /t: line 1: expected the 5 features of "train", got index 6/,
    );
  });
});

describe("held-out data is refused with what differs", () => {
  const table = "a,b,y\n1,0,no\n3,20,yes\n";
  const cases: readonly [string, () => Promise<Stored>, RegExp][] = [
    ["fewer features", () => stored(csv("a,y\n1,no\n3,yes\n"), {}), /1 features, not 3/],
    [
      "no constants",
      () => stored(csv(`a,b,c,y\n1,0,1,no\n3,20,1,yes\n`), {}),
      /"c" as feature 3, not "\(intercept\)"/,
    ],
    [
      "constants of its own",
      () => stored(csv(table), { scaling: "standardize", intercept: true }),
      /other scales of its features; .*--like train/,
    ],
    ["no scaling", () => stored(csv(table), { intercept: true }), /no offsets of its features/],
    [
      "other rows of its own",
      () => stored(csv("a,b,y\n1,0,5\n3,20,6\n"), standardized, { labels: "real" }),
      /other scales/,
    ],
  ];

  it.each(cases)("%s", async (_, held, message) => {
    const { manifest: like } = await train;
    // How many rows there are, and how the data set is called, does not matter.
    expect(() => checkHeldOut(like, { ...like, rows: 3, name: "other" }, "heldOut.data")).not.toThrow();
    const { manifest } = await held();
    expect(() => checkHeldOut(like, manifest, "heldOut.data")).toThrow(message);
  });

  it.each<[string, Partial<Manifest>, RegExp]>([
    [
      "other words",
      { labels: { kind: "binary", negative: 0, positive: 1, negatives: 1, positives: 1 } },
      /the labels 1 as \+1 and 0 as -1, not yes/,
    ],
    [
      "classes",
      { labels: { kind: "classes", names: ["a", "b"], counts: [1, 1] } },
      /labels of the kind classes, not binary/,
    ],
    [
      "bytes of another scale",
      { dense: { shape: [3], scale: 1 / 255, offset: 0 } },
      /values of 0\.0039\d* \* value \+ 0, not 1 \* value/,
    ],
  ])("%s", async (_, change, message) => {
    const { manifest: like } = await train;
    expect(() => checkHeldOut(like, { ...like, ...change }, "heldOut.data")).toThrow(message);
  });

  it("other classes", async () => {
    const { manifest } = await stored(csv("a,y\n1,10\n2,9\n3,1\n"), {}, { labels: "classes" });
    const others = { kind: "classes", names: ["1", "9", "11"], counts: [1, 1, 1] } as const;
    expect(() => checkHeldOut(manifest, { ...manifest, labels: others }, "heldOut.data")).toThrow(
      /3 other classes than its 3/,
    );
  });
});
