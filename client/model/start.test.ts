/** Runs that begin where another has ended, or at the numbers of a file. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunSpecInput } from "../../shared/protocol/index.ts";
import { folderReader } from "../engines/folder-reader.ts";
import { type Marina, openMarina } from "../marina.ts";
import { readSpec } from "../spec-file.ts";
import { encodeParameters } from "./formats/index.ts";
import { done, TestFolder, tableOf } from "./testing/home.ts";

const folder = new TestFolder();
let marina: Marina;

const gd = (rounds: number, more: Partial<RunSpecInput> = {}): RunSpecInput => ({
  data: "table",
  workers: 3,
  problem: { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.1 } },
  algorithm: { kind: "gd", stepSize: 1e-5 },
  stop: { rounds },
  ...more,
});

beforeAll(async () => {
  marina = await openMarina({ home: folder.file("home") });
  const table = folder.write("table.csv", tableOf(40, ([a, b]) => 2 * a! - b!).csv);
  await marina.importData(table, { labelColumn: "y", labels: "real" });
  const other = folder.write("other.csv", tableOf(40, ([a, b]) => 2 * a! - b!).csv.replace("price", "cost"));
  await marina.importData(other, { labelColumn: "y", labels: "real" });
  await marina.importData(table, { name: "narrow", labelColumn: "y", labels: "real", drop: ["size"] });
  await done(await marina.createRun(gd(30, { name: "first", start: { uniform: 1 } })));
});
afterAll(async () => {
  await marina.close();
  folder.remove();
});

/** x of a run, as a file. */
async function saved(run: string, name: string, at: "start" | "last" = "last"): Promise<string> {
  const parameters = await (await marina.findRun(run)).parameters({ at });
  const format = name.slice(name.lastIndexOf(".") + 1) as "npy" | "safetensors" | "json" | "csv";
  return folder.write(name, await parameters.encode(format));
}

describe("the parameters of a run", () => {
  it("are its last iterate, whose digest its result has, with the names of its features", async () => {
    const run = await marina.findRun("first");
    const { vector, sha256, round, layout, tensors } = await run.parameters();
    expect(sha256).toBe((await run.result()).iterateSha256);
    expect([round, vector.length]).toEqual([30, 3]);
    expect(layout).toEqual({
      dimension: 3,
      blocks: [{ name: "weights", shape: [3], offset: 0 }],
      features: ["size", "weight", "price"],
    });
    expect(tensors).toEqual([{ name: "weights", shape: [3], values: vector }]);
  });

  it("at the start are x^0, from which gradient descent makes x^1 by its equation", async () => {
    await done(await marina.createRun(gd(1, { name: "one-step", start: { uniform: 1 } })));
    const run = await marina.findRun("one-step");
    const x0 = (await run.parameters({ at: "start" })).vector;
    const x1 = (await run.parameters()).vector;
    const { cells } = tableOf(40, ([a, b]) => 2 * a! - b!);
    const gradient = x0.map((x, j) => {
      const sum = cells.reduce((total, { a, y }) => {
        const z = a.reduce((product, value, i) => product + value * x0[i]!, 0);
        return total + (z - Number(y)) * a[j]!;
      }, 0);
      return sum / cells.length + 0.1 * x;
    });
    for (const [j, x] of x1.entries()) expect(x).toBeCloseTo(x0[j]! - 1e-5 * gradient[j]!, 8);
  });

  it("of a run that has stored none yet are refused, and x^0 is there", async () => {
    const objects = folderReader(folder.file("home"));
    const { readParameters } = await import("./parameters.ts");
    const without: typeof objects = {
      ...objects,
      get: (key) => objects.get(key.endsWith("/checkpoint") ? `${key}-gone` : key),
    };
    await expect(readParameters(without, "first")).rejects.toThrow(
      /no iterate yet; x\^0 can be had: --at start/,
    );
    expect((await readParameters(without, "first", "start")).round).toBe(0);
  });

  it("of a run whose data set was replaced are numbers without names", async () => {
    const { readParameters } = await import("./parameters.ts");
    const objects = folderReader(folder.file("home"));
    const narrow = await objects.get("datasets/narrow/manifest.json");
    const replaced: typeof objects = {
      ...objects,
      get: (key) => (key === "datasets/table/manifest.json" ? Promise.resolve(narrow) : objects.get(key)),
    };
    const parameters = await readParameters(replaced, "first");
    expect((await parameters.encode("npy")).length).toBe(128 + 24);
    await expect(parameters.encode("csv")).rejects.toThrow(
      /data set "table" is not there any more as it was/,
    );
  });
});

describe("a run that begins where another has ended", () => {
  const whole = async () => done(await marina.createRun(gd(50, { name: "whole", start: { uniform: 1 } })));

  it("by name has, for gradient descent, the bits of one run of both lengths", async () => {
    const second = await marina.createRun(gd(20, { name: "second", start: { run: "first" } }));
    expect((await done(second)).iterateSha256).toBe((await whole()).iterateSha256);
  });

  it.each(["x.npy", "x.safetensors", "x.json", "x.csv"])("by %s, too", async (name) => {
    const file = await saved("first", name);
    const second = await marina.createRun(gd(20, { name: `from-${name}`, start: { file } }));
    expect((await done(second)).iterateSha256).toBe((await whole()).iterateSha256);
  });

  it("has the digest of its x^0 in its description, the file's name without its folder, and x^0 beside it", async () => {
    const file = await saved("first", "kept.npy");
    const run = await marina.createRun(gd(5, { name: "kept", start: { file } }));
    await done(run);
    const { iterateSha256 } = await (await marina.findRun("first")).result();
    const { spec } = await marina.findRun("kept");
    expect(spec.start).toEqual({ file: "kept.npy", sha256: iterateSha256 });
    const objects = folderReader(folder.file("home"));
    expect(await objects.list("runs/kept/start/")).toEqual([`runs/kept/start/${iterateSha256}`]);
    expect((await run.parameters({ at: "start" })).sha256).toBe(iterateSha256);
  });

  it("may begin at the other's x^0", async () => {
    const again = await marina.createRun(
      gd(30, { name: "again", start: { run: "first", at: "start" }, seed: 9 }),
    );
    const { iterateSha256 } = await (await marina.findRun("first")).result();
    expect((await done(again)).iterateSha256).toBe(iterateSha256);
  });

  it("goes on after it was exported and taken in elsewhere, with the same bits", async () => {
    const archive = await marina.exportRun("kept");
    await using elsewhere = await openMarina({ home: folder.file("elsewhere") });
    await elsewhere.importRun(archive);
    const there = await elsewhere.findRun("kept");
    const here = await marina.findRun("kept");
    for (const at of ["start", "last"] as const)
      expect((await there.parameters({ at })).sha256).toBe((await here.parameters({ at })).sha256);
  });

  it("in float32 begins at the nearest of what is given, whose digest its description keeps", async () => {
    const file = await saved("first", "double.npy");
    const given = await (await marina.findRun("first")).parameters();
    expect(given.vector).not.toEqual(given.vector.map(Math.fround));
    const run = await marina.createRun(gd(5, { name: "single", start: { file }, iterate: "float32" }));
    await done(run);
    expect((await marina.findRun("single")).spec.start).toEqual({ file: "double.npy", sha256: given.sha256 });
    expect((await run.parameters({ at: "start" })).vector).toEqual(given.vector.map(Math.fround));
    const { vector, sha256 } = await run.parameters();
    expect(vector).toEqual(vector.map(Math.fround));
    expect(sha256).toBe((await run.result()).iterateSha256);
    // What comes out of it is what goes in again.
    const on = await marina.createRun(gd(3, { name: "on", start: { run: "single" }, iterate: "float32" }));
    await done(on);
    expect((await on.parameters({ at: "start" })).sha256).toBe(sha256);
  });

  it("takes a second name without touching what lies beside the first", async () => {
    const file = await saved("first", "named.npy");
    const [a, b] = [
      await marina.createRun(gd(2, { name: "twice", start: { file } })),
      await marina.createRun(
        gd(2, { name: "twice", start: { file: await saved("first", "named0.npy", "start") } }),
      ),
    ];
    await Promise.all([done(a), done(b)]);
    expect([a.name, b.name]).toEqual(["twice", "twice-2"]);
    const objects = folderReader(folder.file("home"));
    for (const run of ["twice", "twice-2"]) expect(await objects.list(`runs/${run}/start/`)).toHaveLength(1);
  });
});

describe("a start is refused before anything is stored,", () => {
  const layout = (name: string, length: number, features?: readonly string[]) => ({
    dimension: length,
    blocks: [{ name, shape: [length], offset: 0 }],
    ...(features === undefined ? {} : { features }),
  });
  const file = async (
    name: string,
    values: readonly number[],
    block = "weights",
    features?: readonly string[],
  ) => {
    const format = name.slice(name.lastIndexOf(".") + 1) as "npy" | "safetensors" | "json";
    const written = {
      vector: Float64Array.from(values),
      layout: layout(block, values.length, features),
      about: {},
    };
    return folder.write(name, await encodeParameters(format, written));
  };
  const begin = async (start: RunSpecInput["start"], data = "table", more: Partial<RunSpecInput> = {}) => {
    const before = await marina.runNames();
    const error: unknown = await marina
      .createRun(gd(1, { name: "refused", data, ...more, ...(start === undefined ? {} : { start }) }))
      .catch((thrown: unknown) => thrown);
    expect(await marina.runNames()).toEqual(before);
    expect(await folderReader(folder.file("home")).list("runs/refused/")).toEqual([]);
    return (error as Error).message;
  };

  it("with what was expected and what came:", async () => {
    expect(await begin({ file: await file("long.npy", [1, 2, 3, 4]) })).toBe(
      "start.file: long.npy: expected 3 numbers, the problem's parameters (weights [3]), got [4]",
    );
    expect(await begin({ file: await file("names.safetensors", [1, 2, 3], "w") })).toBe(
      "start.file: names.safetensors: expected the parameters weights [3], got w [3]",
    );
    expect(await begin({ file: await file("shape.safetensors", [1, 2]) })).toBe(
      "start.file: shape.safetensors: expected the parameters weights [3], got weights [2]",
    );
    const features = ["size", "price", "weight"];
    expect(await begin({ file: await file("features.json", [1, 2, 3], "weights", features) })).toBe(
      'start.file: features.json: expected "weight" as feature 2 (the data set\'s), got "price"',
    );
    expect(await begin({ file: await file("nan.npy", [1, Number.NaN, 3]) })).toBe(
      "start.file: nan.npy: expected finite numbers, got NaN at entry 1",
    );
    const large = await file("large.npy", [1, 2, -4e38]);
    expect(await begin({ file: large }, "table", { iterate: "float32" })).toBe(
      "start.file: large.npy: expected numbers of at most 3.4e38, the largest float32 (iterate), got -4e+38 at entry 2",
    );
    expect(await begin({ file: folder.file("missing.npy") })).toMatch(
      /^start\.file: .*missing\.npy: .*no such file/i,
    );
    expect(await begin({ file: folder.file("x.pt") })).toMatch(/expected a name that ends in/);
    expect(await begin({ run: "frist" })).toMatch(/run "frist" does not exist.*first/);
    expect(await begin({ run: "first" }, "other")).toBe(
      'start.run: x^30 of first: expected "cost" as feature 3 (the data set\'s), got "price"',
    );
    expect(await begin({ run: "first" }, "narrow")).toBe(
      "start.run: x^30 of first: expected the parameters weights [2], got weights [3]",
    );
  });

  it("where its digest is given and is another", async () => {
    const path = await saved("first", "given.npy");
    expect(await begin({ file: path, sha256: "0".repeat(64) })).toMatch(
      /^start\.sha256: expected numbers of SHA-256 0{64}, got those of start\.file: given\.npy of [0-9a-f]{64}: it has changed since/,
    );
  });
});

it("the numbers beside a run that were changed are found, and the run fails with the place", async () => {
  const file = await saved("first", "tampered.npy");
  const { createRun } = await import("../launch.ts");
  const { createEmbeddedService, driveToEnd } = await import("../../embedded/index.ts");
  const { encodeVector, parseRunSpec } = await import("../../shared/protocol/index.ts");
  const service = createEmbeddedService({ seed: 1 });
  const { objects } = service.cloud.client;
  const source = folderReader(folder.file("home"));
  for (const key of await source.list("datasets/table/"))
    await objects.put(key, (await source.get(key)).body);
  const { run, control } = await createRun(objects, parseRunSpec(gd(5, { start: { file } }), "test"));
  const [key] = await objects.list(`runs/${run}/start/`);
  await objects.put(key!, encodeVector(Float64Array.of(1, 2, 3)));
  const result = await driveToEnd(service, control);
  expect(result.status).toBe("failed");
  expect(result.error).toMatch(
    /expected numbers of this SHA-256, got those of [0-9a-f]{64}; it was changed under the run/,
  );
});

it("a file's path is told from the folder of the spec", async () => {
  await saved("first", "beside.npy");
  const path = folder.write("beside.json", JSON.stringify(gd(1, { start: { file: "beside.npy" } })));
  expect(readSpec(path, []).start).toEqual({ file: folder.file("beside.npy") });
  expect(readFileSync(folder.file("beside.npy")).length).toBe(152);
});
