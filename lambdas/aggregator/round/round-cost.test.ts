import { describe, expect, it } from "vitest";
import { plainTask } from "../../../shared/protocol/messages/task.ts";
import { storedGradientBytes } from "../../../shared/protocol/stored/gradient.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import type { Asked } from "./asked.ts";
import type { ReductionTraffic } from "./reduce.ts";
import { costOf } from "./round-cost.ts";

const DIMENSION = 100;
const DIGEST = "0123456789abcdef";
const RUN = { workers: 4, dimension: DIMENSION, digest: DIGEST };
const WIRE_BYTES = 4;
const EXACT_BYTES = 8;
const BITS = 32 * DIMENSION;

const task = (slot: number): Asked["own"][number] => ({
  ...plainTask(
    {
      ...{ kind: "evaluate", run: "r", runDigest: DIGEST, round: 3, phase: 0, workers: 4 },
      ...{ replyTo: "queue", evaluate: true, oldestNeededRound: 3, points: [], pointRounds: [3] },
    },
    slot,
    slot,
  ),
  reuse: [{ keep: true } as NonNullable<Asked["own"][number]["reuse"]>[0]],
});

/** Three slots of the method, and one worker more that is asked for its exact gradient. */
const asked = {
  plan: { request: { gradients: [] } },
  ranges: { message: 2, evaluation: 2 },
  entryBytes: WIRE_BYTES,
  own: [0, 1, 2].map(task),
  watchers: [task(3)],
} as unknown as Asked;

const answer = (slot: number): AcceptedContribution =>
  ({
    message: {
      ...{ kind: "contribution", runDigest: DIGEST, phase: 0, round: 3, slot, worker: slot },
      ...{ bits: slot < 3 ? BITS : 0, bytesRead: 7, reused: slot === 0 },
      ...{ payloadRanges: Uint32Array.of(1, 2), evaluationRanges: Uint32Array.of(3, 4) },
    },
    bytes: 60,
    evaluationBytes: 9,
  }) as unknown as AcceptedContribution;

const counts = { taskBytes: 1000, outsideBytes: 500, resent: 2, hedged: 1, dropped: 3 };
const collected = { ...counts, accepted: [0, 1, 2, 3].map(answer) };
const costWith = (collectedAgain: ReductionTraffic["collectedAgain"]) =>
  costOf(asked, collected, RUN, 0, { ...counts, uplinkBytes: 40, collectedAgain });

describe("what a round with reducers has cost", () => {
  it("is what has travelled, each way", () => {
    expect(costWith([])).toMatchObject({
      uplinkBitsPerWorker: (3 * BITS) / 4,
      uplinkBytes: 4 * 60 + 3 * (WIRE_BYTES * DIMENSION + storedGradientBytes(DIGEST, DIMENSION)) + 40,
      downlinkBytes: 2 * 1000 + 3 * 7,
      evaluationBytes: 2 * 500 + 4 * (9 + EXACT_BYTES * DIMENSION),
      ...{ reused: 1, resent: 4, hedged: 2, dropped: 6 },
    });
  });

  it("and what was stored once more because it was lost, in bytes but not in the method's bits", () => {
    const [once, again] = [costWith([]), costWith([answer(0), answer(0), answer(3)])];
    const perSender = 60 + WIRE_BYTES * DIMENSION + storedGradientBytes(DIGEST, DIMENSION);
    expect(again).toEqual({
      ...once,
      uplinkBytes: once.uplinkBytes + 2 * perSender + 60,
      downlinkBytes: once.downlinkBytes + 2 * 7,
      evaluationBytes: once.evaluationBytes + 3 * (9 + EXACT_BYTES * DIMENSION),
    });
  });
});
