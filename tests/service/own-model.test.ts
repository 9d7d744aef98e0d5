/** Models of one's own through the whole service, on the embedded cloud. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderReader } from "../../client/engines/folder-reader.ts";
import { type Marina, openMarina, type RunSpecInput } from "../../client/library.ts";
import { encodeModel, storeModel } from "../../shared/data/models.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { type ModelFunction, traceModel } from "../../shared/problems/network/trace.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-own-model-"));
const file = (name: string) => join(folder, name);
let marina: Marina;
let program: string;

/** The same network as the layers below. */
const mlp: ModelFunction = ({ row, label, parameter, ops }) => {
  const hidden = ops.tanh(ops.add(ops.matmul(row, parameter("W", [3, 4])), parameter("b", [4])));
  const z = ops.add(ops.matmul(hidden, parameter("V", [4, 1])), parameter("c", [1]));
  return { loss: ops.logistic(z, label), outputs: z };
};
const layers = [{ dense: 4 }, { activation: "tanh" as const }, { dense: 1 }];

const spec = (name: string, problem: RunSpecInput["problem"]): RunSpecInput => ({
  name,
  data: "table",
  workers: 3,
  problem,
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 5 }, probability: 0.3, stepSize: 0.1 },
  stop: { rounds: 30 },
});

/** As `marina model build` leaves it. */
async function stored(model: ModelFunction, row: readonly number[], home = "home"): Promise<string> {
  const made = encodeModel(traceModel(model, { row, label: { kind: "binary" } }, "test"));
  const objects = memoryStore();
  await storeModel(objects, made);
  const [key] = await objects.list("");
  const { mkdirSync } = await import("node:fs");
  mkdirSync(join(file(home), "objects", "models"), { recursive: true });
  writeFileSync(join(file(home), "objects", key!), made.bytes);
  return made.sha256;
}

beforeAll(async () => {
  program = await stored(mlp, [3]);
  marina = await openMarina({ home: file("home") });
  const rows = Array.from({ length: 60 }, (_, i) => [
    (i % 7) / 7,
    (i % 5) / 5 - 0.5,
    ((i * i) % 11) / 11,
    i % 3 === 0 ? "a" : "b",
  ]);
  writeFileSync(file("table.csv"), `p,q,r,y\n${rows.map((row) => row.join(",")).join("\n")}\n`);
  await marina.importData(file("table.csv"), { labelColumn: "y" });
});
afterAll(async () => {
  await marina.close();
  rmSync(folder, { recursive: true, force: true });
});

const ended = async (input: RunSpecInput) => (await marina.createRun(input)).result();

describe("a run with a model of one's own", () => {
  it("has the bits of the same network written as layers", async () => {
    const own = await ended(spec("own", { kind: "model", program }));
    const usual = await ended(spec("usual", { kind: "network", layers, loss: "logistic" }));
    expect([own.status, own.error]).toEqual(["done", null]);
    expect(own.iterateSha256).toBe(usual.iterateSha256);
    expect(own.loss).toBeLessThan(Math.log(2) + 0.1);
  });

  it("gives its parameters by the model's names, and predicts the classes", async () => {
    const run = await marina.findRun("own");
    const { tensors } = await run.parameters();
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ["W", [3, 4]],
      ["b", [4]],
      ["V", [4, 1]],
      ["c", [1]],
    ]);
    const { accuracy, correct, rows, loss } = await run.evaluate();
    expect(accuracy).toBe(correct! / rows);
    expect(loss).toBeCloseTo((await run.result()).loss!, 12);
    let counted = 0;
    for await (const { prediction, label } of run.predictions()) if (prediction === label) counted++;
    expect(counted).toBe(correct);
  });

  it("is predicted, exported with its program and taken in elsewhere, where it is the same run", async () => {
    expect(await marina.predict(spec("predicted", { kind: "model", program }))).toMatchObject({
      usdPerRound: expect.any(Number),
    });
    const archive = await marina.exportRun("own");
    await using elsewhere = await openMarina({ home: file("elsewhere") });
    await elsewhere.importRun(archive);
    expect(await folderReader(file("elsewhere")).list("models/")).toEqual([`models/${program}.json`]);
    const [here, there] = [await marina.findRun("own"), await elsewhere.findRun("own")];
    expect((await there.evaluate()).loss).toBe((await here.evaluate()).loss);
  });

  it("begins at another's parameters, if the names agree", async () => {
    expect((await ended({ ...spec("on", { kind: "model", program }), start: { run: "own" } })).status).toBe(
      "done",
    );
    await expect(
      marina.createRun({ ...spec("off", { kind: "model", program }), start: { run: "usual" } }),
    ).rejects.toThrow(
      /expected the parameters W \[3, 4\], b \[4\], V \[4, 1\], c \[1\], got .*weight \[3, 4\]/,
    );
  });
});

describe("a model is refused", () => {
  it("that is not stored, of other rows, or of other labels", async () => {
    await expect(marina.createRun(spec("none", { kind: "model", program: "0".repeat(64) }))).rejects.toThrow(
      /no model of SHA-256 0{64} is stored/,
    );
    const wide = await stored(
      ({ row, label, parameter, ops }) => {
        const z = ops.matmul(row, parameter("w", [4, 1]));
        return { loss: ops.logistic(z, label), outputs: z };
      },
      [4],
    );
    await using fresh = await openMarina({ home: file("home") });
    await expect(fresh.createRun(spec("wide", { kind: "model", program: wide }))).rejects.toThrow(
      /the model reads rows of shape \[4\], 4 numbers, data set "table" has 3; build it for this data set/,
    );
  });

  it("that was changed since the run began, by whoever reads it", async () => {
    const { createEmbeddedService, driveToEnd } = await import("../../embedded/index.ts");
    const { createRun } = await import("../../client/launch.ts");
    const { parseRunSpec } = await import("../../shared/protocol/index.ts");
    const service = createEmbeddedService({ seed: 1 });
    const { objects } = service.cloud.client;
    const source = folderReader(file("home"));
    for (const prefix of ["datasets/table/", "models/"])
      for (const key of await source.list(prefix)) await objects.put(key, (await source.get(key)).body);
    const { control } = await createRun(
      objects,
      parseRunSpec(spec("tampered", { kind: "model", program }), "test"),
    );
    const bytes = readFileSync(join(file("home"), "objects", "models", `${program}.json`));
    await objects.put(
      `models/${program}.json`,
      new Uint8Array(Buffer.from(bytes.toString().replace('"tanh"', '"relu"'))),
    );
    const result = await driveToEnd(service, control);
    expect(result.status).toBe("failed");
    expect(result.error).toMatch(
      /expected a program of this SHA-256, got one of [0-9a-f]{64}: it was changed/,
    );
  });
});
