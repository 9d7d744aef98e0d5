/** Two aggregators that both hold a lease on one run: one of them wins, and the run goes on to the right bits. */
import { describe, expect, it } from "vitest";
import { createAggregator } from "../../lambdas/aggregator/handler.ts";
import { AGGREGATOR_TIMEOUT_SECONDS, CONTROL_VISIBILITY_SECONDS } from "../../shared/protocol/limits.ts";
import { encodeControl } from "../../shared/protocol/stored/run.ts";
import { NOTHING_SPENT } from "../fixtures/crashing.ts";
import { oracleOf, ROUNDS, specOf } from "../fixtures/methods.ts";
import { createRun, resultOf, serviceWith } from "../fixtures/service.ts";

interface Contest {
  readonly result: Awaited<ReturnType<typeof resultOf>>;
  /** What the aggregators warned of. */
  readonly warnings: readonly string[];
}

/** The second one is told of the run by a queue of its own: no lease of one is known to the other. */
async function contest(
  method: "marina" | "diana",
  checkpointEvery: number,
  seed: number,
  delayMilliseconds: number,
): Promise<Contest> {
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string, fields: Readonly<Record<string, unknown>>) =>
      void warnings.push(`${event} ${String(fields["code"])} ${String(fields["error"]).split("\n")[0]}`),
  };
  const service = await serviceWith({ latencies: "aws", seed, log });
  const { cloud, taskQueue } = service;
  const times = { visibilitySeconds: CONTROL_VISIBILITY_SECONDS, retentionSeconds: 3600 };
  const queue = cloud.createQueue("second.fifo", times);
  const second = cloud.defineFunction({
    name: "aggregator",
    memoryMb: 1769,
    timeoutSeconds: AGGREGATOR_TIMEOUT_SECONDS,
    create: (ports) => {
      const settings = { taskQueue, queuePrefix: "marina-", spendingOf: () => NOTHING_SPENT };
      const handler = createAggregator(ports, settings);
      // No two invocations have one identity.
      return (messages, invocation) =>
        handler(messages, { ...invocation, requestId: `second-${invocation.requestId}` });
    },
  });
  cloud.mapQueue({ queue, function: second, batchSize: 1 });
  await createRun(service, "r", specOf(method, { checkpointEvery }));
  const control = { version: 1, run: "r", action: "start", tenure: 0 } as const;
  await service.control(control);
  const late = async () => {
    await cloud.clock.sleep(delayMilliseconds);
    const body = encodeControl(control);
    await cloud.client.queues.send(queue, [{ body, group: "r", deduplicationId: "second" }]);
  };
  const [result] = await cloud.run(Promise.all([resultOf(service, "r"), late()]));
  return { result, warnings };
}

describe("two aggregators that drive one run", () => {
  it.each([
    { method: "marina", checkpointEvery: 1 },
    { method: "marina", checkpointEvery: 7 },
    { method: "marina", checkpointEvery: 1000 },
    { method: "diana", checkpointEvery: 1 },
    { method: "diana", checkpointEvery: 1000 },
  ] as const)(
    "do not fail it: $method, a checkpoint every $checkpointEvery rounds",
    async ({ method, checkpointEvery }) => {
      const oracle = await oracleOf(method);
      let replaced = 0;
      for (let seed = 1; seed <= 6; seed++) {
        const { result, warnings } = await contest(method, checkpointEvery, seed, 400 * seed);
        expect(result).toMatchObject({ status: "done", rounds: ROUNDS, error: null });
        expect(result.iterateSha256).toBe(oracle.sha256);
        replaced += warnings.filter((warning) => /another aggregator has committed/.test(warning)).length;
      }
      // That they really were at work at the same time.
      expect(replaced).toBeGreaterThan(0);
    },
  );
});
