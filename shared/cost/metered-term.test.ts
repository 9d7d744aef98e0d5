import { describe, expect, it } from "vitest";
import type { Ports, QueueAddress, ReceivedMessage } from "../cloud/ports.ts";
import { encodeRunMessage } from "../protocol/messages/run-message.ts";
import { closingUsage } from "./closing.ts";
import { meterTerm } from "./metered-term.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";
import { contribution } from "./testing/example-contribution.ts";
import { parseUsage } from "./usage.ts";

const TASKS = "https://example/tasks" as QueueAddress;
const RUN_QUEUE = "https://example/run" as QueueAddress;
const SETTING = {
  taskQueue: TASKS,
  prices: PRICES_US_EAST_1,
  billing: { workerMemoryMb: 1024, aggregatorMemoryMb: 1024, architecture: "arm64" },
} as const;

const fromCold = { ...contribution, cold: true } as const;
const answer = encodeRunMessage(fromCold);
const evaluation = encodeRunMessage({
  ...fromCold,
  payload: new Uint8Array(0),
  evaluation: new Float64Array(4),
});

/** An environment whose polls come back when they are told to, the first one first. */
function environment() {
  const polls: ((messages: readonly ReceivedMessage[]) => void)[] = [];
  const ports = {
    queues: {
      receive: () => new Promise<readonly ReceivedMessage[]>((resolve) => void polls.push(resolve)),
      extend: async () => undefined,
    },
    clock: { now: () => 0, sleep: async () => undefined },
  } as unknown as Ports;
  return {
    begin: () => meterTerm(ports, SETTING, false),
    comesBack: (...bodies: readonly string[]) =>
      polls.shift()!(bodies.map((body, i) => ({ body, receipt: String(i), receiveCount: 1 }))),
  };
}

const poll = ({ queues }: Ports) => queues.receive(RUN_QUEUE, { max: 10, waitSeconds: 5 });
const stored = (saved: unknown) => parseUsage(JSON.stringify(saved));

describe("a tenure's counts", () => {
  it("have nothing of the polls that an earlier tenure of the environment has left behind", async () => {
    const { begin, comesBack } = environment();
    const untouched = begin().spending.ofRun().save();
    const first = begin();
    const left = [1, 2, 3, 4].map(() => poll(first.ports));
    const bill = first.spending.ofRun().save(closingUsage("over", left.length));

    const second = begin();
    const run = second.spending.ofRun();
    comesBack();
    comesBack();
    comesBack(answer);
    comesBack(evaluation);
    const [late] = (await Promise.all(left)).flat();
    await first.ports.queues.extend(RUN_QUEUE, late!.receipt, 0);
    expect(run.save()).toEqual(untouched);
    expect(stored(bill).method.standardQueues).toMatchObject({ receiveRequests: 0, emptyReceiveRequests: 4 });

    const own = poll(second.ports);
    comesBack(answer);
    await own;
    const { standardQueues, worker } = stored(run.save()).method;
    expect(standardQueues).toMatchObject({ sendRequests: 1, receiveRequests: 1, emptyReceiveRequests: 0 });
    expect(worker).toMatchObject({ billedMilliseconds: 13, coldStarts: 1 });
  });

  it("have what comes back while the tenure lasts, as it was", async () => {
    const { begin, comesBack } = environment();
    const { ports, spending } = begin();
    const run = spending.ofRun();
    const polls = [poll(ports), poll(ports), poll(ports)];
    comesBack();
    comesBack(answer);
    comesBack(evaluation);
    await Promise.all(polls);
    const used = stored(run.save());
    expect(used.method.standardQueues).toMatchObject({ receiveRequests: 1, emptyReceiveRequests: 1 });
    expect(used.evaluation.standardQueues).toMatchObject({ receiveRequests: 1, emptyReceiveRequests: 0 });
  });

  it.each(["handed-over", "stopped"] as const)(
    "have each poll of a run once, when it was %s and goes on in the same environment",
    async (closing) => {
      const { begin, comesBack } = environment();
      const first = begin();
      const polls = [poll(first.ports), poll(first.ports), poll(first.ports)];
      comesBack();
      await polls[0];
      const saved = first.spending.ofRun().save(closingUsage(closing, 2));
      // One before the next tenure, one in it.
      comesBack();
      await polls[1];
      const second = begin();
      const run = second.spending.ofRun();
      run.restore(JSON.parse(JSON.stringify(saved)));
      comesBack();
      await polls[2];
      const own = poll(second.ports);
      comesBack();
      await own;
      expect(stored(run.save()).method.standardQueues.emptyReceiveRequests).toBe(3 + 1);
    },
  );
});
