/** For tests: an inbox on fakes that waits for the answers of one round, and what may come to it. */
import type { QueueAddress } from "../../../shared/cloud/ports.ts";
import type { RunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { type FakePorts, fakePorts } from "../../testing/fakes.ts";
import type { Expectation } from "../exchange/contribution-table.ts";
import { Inbox, type InboxEvent } from "../exchange/inbox.ts";

export const DIGEST = "0123456789abcdef";
export const QUEUE = "contributions" as QueueAddress;

/** Round 7 has three slots: workers 4, 1 and 4 again; the fourth only watches. */
export const EXPECTED: Expectation = {
  kind: "contribution",
  phase: 3,
  round: 7,
  workers: Uint32Array.of(4, 1, 4, 2),
  evaluationOnly: [false, false, false, true],
};

export type ContributionOf<K extends RunMessage["kind"]> = Extract<RunMessage, { kind: K }>;

export function contribution(
  slot: number,
  change: Partial<ContributionOf<"contribution">> = {},
): ContributionOf<"contribution"> {
  return {
    kind: "contribution",
    runDigest: DIGEST,
    phase: 3,
    round: 7,
    slot,
    worker: EXPECTED.workers[slot] ?? 0,
    payload: Uint8Array.of(slot, 1, 2, 3),
    bits: 32,
    loss: 0.5,
    evaluation: null,
    reused: false,
    computeMilliseconds: 1,
    cold: false,
    ...change,
  };
}

export function opened(expected: Expectation = EXPECTED): FakePorts & { readonly inbox: Inbox } {
  const ports = fakePorts();
  const lease = { check: () => undefined, confirm: async () => undefined };
  const inbox = new Inbox(ports, QUEUE, { runDigest: DIGEST, incarnation: 2, lease });
  inbox.open();
  inbox.contributions.expect(expected);
  return { ...ports, inbox };
}

/** What `next` comes back with, or undefined while it still waits. */
export function watched(promise: Promise<InboxEvent>): { event: InboxEvent | undefined } {
  const state: { event: InboxEvent | undefined } = { event: undefined };
  void promise.then((event) => {
    state.event = event;
  });
  return state;
}
