/** What liars send, against the formulas, on objectives whose gradients can be written down. */
import { describe, expect, it } from "vitest";
import type { AskedOfWorker } from "../../lambdas/worker/index.ts";
import { Workspace } from "../../shared/math/workspace.ts";
import { difference, differenceBatch } from "../../shared/methods/marina-family.ts";
import { full } from "../../shared/methods/requests.ts";
import { shardOf, weightsOf } from "../../shared/methods/testing/least-squares.ts";
import { createObjective } from "../../shared/problems/linear/objective.ts";
import { type Attack, attackKinds, liarsOf } from "./liars.ts";

const N = 5;
const spec = { kind: "least-squares" } as const;
const rowsOf = (worker: number): [number[], number][] => [
  [[1, 0], worker + 1],
  [[0, 2], worker - 2],
];
const shards = Array.from({ length: N }, (_, worker) => shardOf(rowsOf(worker)));
const weights = weightsOf(shards);

/** grad f_i(x), f_i the mean of (a x - y)^2/2 over the worker's two rows; labels times `sign`. */
const gradient = (worker: number, [x, y]: readonly number[], sign = 1): number[] => {
  const [first, second] = rowsOf(worker);
  return [(x! - sign * first![1]) / 2, (2 * (2 * y! - sign * second![1])) / 2];
};
const X = [0.5, -1];
const W = [0.25, 2];

function asked(worker: number, request: AskedOfWorker["request"], round = 1): AskedOfWorker {
  const loaded = (i: number) => ({
    ...{ shard: shards[i]!, weights: weights[i]!, objective: createObjective(spec, shards[i]!, weights[i]!) },
    data: { labels: { kind: "real" } },
  });
  return {
    task: { workers: N, worker, runDigest: "d", phase: 0, round },
    ...{ request, own: loaded(worker), shardOf: async (i: number) => loaded(i) },
    run: { evaluator: { objective: (rows: never, own: never) => createObjective(spec, rows, own) } },
    points: [Float64Array.from(X), Float64Array.from(W)],
  } as unknown as AskedOfWorker;
}

async function sent(
  attack: Attack,
  worker: number,
  request: AskedOfWorker["request"],
  attackFactor?: number,
) {
  const hooks = liarsOf({ attack, liars: 0.4, ...(attackFactor && { attackFactor }) })!;
  const lying = await hooks.falsified!(asked(worker, request));
  if (lying === undefined) return undefined;
  const truth = [X, W].map((point) => ({ vector: Float64Array.from(gradient(worker, point)), loss: 1 }));
  const out = new Workspace().vector("message", 2);
  return [...lying.message(truth.slice(0, request.gradients.length), {}, out, { shiftStep: 1 })];
}

const minus = (a: number[], b: number[]) => a.map((value, j) => value - b[j]!);
/** What worker i would send, true or with its labels turned round. */
const message = (worker: number, request: AskedOfWorker["request"], sign = 1) =>
  request === full ? gradient(worker, X, sign) : minus(gradient(worker, X, sign), gradient(worker, W, sign));
const near = (found: number[] | undefined, expected: number[]) => {
  expect(found).toHaveLength(2);
  for (const [j, value] of expected.entries()) expect(found![j]).toBeCloseTo(value, 12);
};

describe.each([
  ["a dense round", full],
  ["a compressed round", difference],
  ["a round of mini-batches", differenceBatch],
] as const)("in %s", (_name, request) => {
  it("the last workers lie, and no other", async () => {
    for (const attack of attackKinds) {
      for (let worker = 0; worker < N; worker++) {
        expect((await sent(attack, worker, request)) === undefined).toBe(worker < 3);
      }
    }
  });

  it("each sends what its attack says", async () => {
    const own = message(4, request);
    near(
      await sent("sign-flip", 4, request),
      own.map((value) => -value),
    );
    near(
      await sent("sign-flip", 4, request, 3),
      own.map((value) => -3 * value),
    );
    near(
      await sent("scaling", 4, request),
      own.map((value) => 100 * value),
    );
    near(await sent("label-flip", 4, request), message(4, request, -1));
    const mean = [0, 1].map((j) => [0, 1, 2].reduce((sum, i) => sum + message(i, request)[j]! / 3, 0));
    near(
      await sent("inner-product", 4, request),
      mean.map((value) => -5 * value),
    );
    near(
      await sent("inner-product", 3, request, 0.5),
      mean.map((value) => -0.5 * value),
    );
  });
});

it("nobody lies where nothing is said", () => {
  expect(liarsOf({})).toBeUndefined();
  expect(liarsOf({ attack: "none", liars: 0.5 })).toBeUndefined();
});

it("the opposite of a class is the one that stands as far from the other end", async () => {
  const base = asked(4, full);
  const labels: number[][] = [];
  const seen = {
    ...base,
    own: {
      ...base.own,
      shard: { ...shards[4]!, labels: Float64Array.of(0, 7) },
      data: { labels: { kind: "classes", names: [..."0123456789"] } },
    },
    run: {
      evaluator: {
        objective: (rows: { labels: Float64Array }, own: never) => {
          labels.push([...rows.labels]);
          return createObjective(spec, rows as never, own);
        },
      },
    },
  } as unknown as AskedOfWorker;
  await liarsOf({ attack: "label-flip" })!.falsified!(seen);
  expect(labels).toEqual([[9, 2]]);
});
