/** A run that somebody deletes while it goes on leaves nothing behind. */
import { expect, it } from "vitest";
import { contributionsQueueName, runPrefix } from "../../shared/protocol/keys.ts";
import { specOf } from "../fixtures/methods.ts";
import { createRun, serviceWith } from "../fixtures/service.ts";

/** By the virtual clock: longer than all deliveries of a control message together. */
const LONG_MILLISECONDS = 600_000;

it("is forgotten at once: no message comes again, its queue goes, and nothing is a dead letter", async () => {
  let rounds = 0;
  const service = await serviceWith({
    latencies: "aws",
    observer: {
      round: (run, { round }) => {
        rounds = round;
        if (round === 10) void forget(run);
      },
    },
  });
  const { cloud, controlQueue, controlDeadLetters } = service;
  const { objects, queues } = cloud.client;
  const forget = async (run: string): Promise<void> => {
    for (const key of await objects.list(runPrefix(run))) await objects.delete(key);
  };
  await createRun(service, "deleted", specOf("marina", { stop: { rounds: 5000 } }));
  await service.control({ version: 1, run: "deleted", action: "start", tenure: 0 });
  await cloud.run(cloud.clock.sleep(LONG_MILLISECONDS));
  expect(rounds).toBeGreaterThanOrEqual(10);
  expect(rounds).toBeLessThan(5000);
  expect(cloud.queue(controlQueue).waiting).toBe(0);
  expect(cloud.queue(controlDeadLetters).waiting).toBe(0);
  const name = contributionsQueueName("marina-", "deleted");
  await expect(cloud.run(queues.address(name))).rejects.toThrow(/no such queue/);
});
