import { describe, expect, it } from "vitest";
import type { RunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { contribution, DIGEST, EXPECTED } from "../testing/opened-inbox.ts";
import { ContributionTable, type Rejection } from "./contribution-table.ts";

function expecting(): ContributionTable {
  const table = new ContributionTable(DIGEST);
  table.expect(EXPECTED);
  return table;
}

const answer: RunMessage = {
  ...{ kind: "answer", runDigest: DIGEST, phase: 3, round: 7, slot: 0, worker: 4 },
  ...{ payload: Uint8Array.of(1), computeMilliseconds: 1, cold: false },
};
const stored: RunMessage = {
  ...{
    kind: "stored",
    runDigest: DIGEST,
    phase: 3,
    round: 7,
    slot: 0,
    worker: 4,
    key: "somewhere",
    outside: false,
  },
};
const stop: RunMessage = { kind: "stop", runDigest: DIGEST, generation: 2, now: false };

describe("what is offered to a table of contributions", () => {
  it("is accepted once for each slot, and kept under it with its bytes", () => {
    const table = expecting();
    expect(table.offer(contribution(1), 70, 5)).toEqual({ accepted: true });
    expect(table.accepted).toEqual([
      undefined,
      { message: contribution(1), bytes: 70, evaluationBytes: 5 },
      undefined,
      undefined,
    ]);
    expect([table.count, table.complete, table.rejected]).toEqual([1, false, 0]);
  });

  it.each<[Rejection, RunMessage]>([
    ["of another run", contribution(0, { runDigest: "fedcba9876543210" })],
    ["of another membership or round", contribution(0, { round: 6 })],
    ["of another membership or round", contribution(0, { phase: 2 })],
    ["of a slot with another worker, or none", contribution(0, { worker: 1 })],
    ["of a slot with another worker, or none", contribution(9)],
    ["of a slot that has answered", contribution(1)],
    ["of another kind than was asked for", answer],
    ["of another kind than was asked for", contribution(0, { payload: new Uint8Array(0) })],
    ["no answer of a worker", stored],
    ["no answer of a worker", stop],
  ])("is rejected, and counted, when it is %s", (reason, message) => {
    const table = expecting();
    table.offer(contribution(1), 1, 0);
    expect(table.offer(message, 1, 0)).toEqual({ accepted: false, reason });
    expect([table.count, table.rejected]).toEqual([1, 1]);
  });

  it("is rejected before anything is expected", () => {
    const table = new ContributionTable(DIGEST);
    expect(table.offer(contribution(0), 1, 0)).toEqual({
      accepted: false,
      reason: "of another membership or round",
    });
  });
});
