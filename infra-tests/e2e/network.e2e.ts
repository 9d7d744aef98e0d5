/** Networks on the functions: layers of a spec, and a model of one's own that workers read from the store. */
import { fileURLToPath } from "node:url";
import { beforeAll, expect, inject, test } from "vitest";
import { importDigits } from "../../client/import/digits.ts";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { encodeModel, storeModel } from "../../shared/data/models.ts";
import { traceModel } from "../../shared/problems/network/trace.ts";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import { embeddedResult } from "./testing/reference.ts";
import { Service } from "./testing/service.ts";
import { RUN_SECONDS, WORKERS } from "./testing/specs.ts";

const DIGITS = fileURLToPath(new URL("../../experiments/data/digits.csv.gz", import.meta.url));
const service = new Service(inject("cloud"));

/** A convolution, and its maps' halves concatenated the other way round. */
const own = encodeModel(
  traceModel(
    ({ row, label, parameter, ops }) => {
      const maps = ops.relu(ops.conv2d(row, parameter("K", [3, 3, 1, 2]), { stride: [2, 2] }));
      const turned = ops.concat([ops.slice(maps, 0, 1, 3), ops.slice(maps, 0, 0, 1)], 0);
      const z = ops.matmul(ops.flatten(turned), parameter("W", [18, 10]));
      return { loss: ops.softmaxCrossEntropy(z, label), outputs: z };
    },
    { row: [8, 8, 1], label: { kind: "classes", count: 10 } },
    "network.e2e.ts",
  ),
);

async function importAll(objects: ObjectStore): Promise<void> {
  for (const part of ["train", "test"] as const) await importDigits(objects, DIGITS, part);
  await storeModel(objects, own);
}

beforeAll(() => importAll(service.ports.objects));

test.each([
  [
    "layers",
    {
      kind: "network",
      input: [64],
      layers: [{ dense: 8 }, { activation: "tanh" }, { dense: 10 }],
      loss: "softmax-cross-entropy",
    },
  ],
  ["own", { kind: "model", program: own.sha256, precision: "float32" }],
] as const)(
  "a network by %s has the iterate, the loss and the right predictions of the embedded cloud",
  async (name, problem) => {
    const run = parseRunSpec(
      {
        name: `network-${name}`,
        data: "digits",
        workers: WORKERS,
        problem,
        algorithm: {
          kind: "vr-marina",
          compressor: { kind: "rand-k", k: 40 },
          batchSize: 32,
          probability: 0.2,
          stepSize: 0.2,
        },
        heldOut: { data: "digits-test", every: 10 },
        stop: { rounds: 25 },
        evaluateEvery: 10,
      },
      name,
    );
    const expected = await embeddedResult(run, "none", importAll);
    expect(expected).toMatchObject({ status: "done", heldOut: { rows: 360 } });
    const result = await service.ended(await service.launch(run), RUN_SECONDS);
    expect(result).toMatchObject({
      status: "done",
      error: null,
      loss: expected.loss,
      heldOut: expected.heldOut,
    });
    expect(result.iterateSha256).toBe(expected.iterateSha256);
  },
);
