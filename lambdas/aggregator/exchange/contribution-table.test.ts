import { describe, expect, it } from "vitest";
import type { RunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { contribution, DIGEST, EXPECTED } from "../testing/opened-inbox.ts";
import { type AcceptedContribution, ContributionTable, type Rejection } from "./contribution-table.ts";

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

  it("counts what an exchange before has brought, and waits for the rest only", () => {
    const table = new ContributionTable(DIGEST);
    const brought = { message: contribution(1), bytes: 70, evaluationBytes: 5 } as AcceptedContribution;
    const counted: number[] = [];
    const watched = new ContributionTable(DIGEST, {
      expected: () => undefined,
      counted: ({ slot }) => void counted.push(slot),
    });
    for (const each of [table, watched]) {
      each.expect({ ...EXPECTED, known: [undefined, brought, undefined, undefined] });
      expect(each.accepted[1]).toBe(brought);
      expect(each.offer(contribution(1), 1, 0)).toEqual({
        accepted: false,
        reason: "of a slot that has answered",
      });
      expect(each.offer(contribution(0), 1, 0)).toEqual({ accepted: true });
      expect(each.count).toBe(2);
    }
    expect(counted).toEqual([1, 0]);
  });

  it.each<[boolean, string, Partial<RunMessage>]>([
    [true, "as many ranges of message and gradient as were asked for", {}],
    [false, "its message in other ranges", { payloadRanges: new Uint32Array(2) }],
    [false, "its gradient in other ranges", { evaluationRanges: new Uint32Array(2) }],
    [false, "its message in it", { payload: Uint8Array.of(1, 2, 3, 4), payloadRanges: undefined as never }],
    [false, "its gradient in it", { evaluation: new Float64Array(3) }],
  ])("is accepted: %s, where vectors are to be stored and it has %s", (accepted, _what, change) => {
    const table = new ContributionTable(DIGEST);
    table.expect({ ...EXPECTED, ranges: { message: 3, evaluation: 4 } });
    const byRanges = {
      ...contribution(0),
      ...{ payload: new Uint8Array(0), payloadRanges: new Uint32Array(3) },
      ...{ evaluation: null, evaluationRanges: new Uint32Array(4) },
      ...change,
    } as RunMessage;
    expect(table.offer(byRanges, 1, 0).accepted).toBe(accepted);
    expect(expecting().offer(byRanges, 1, 0).accepted).toBe(false);
  });
});
