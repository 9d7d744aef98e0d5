import { describe, expect, it } from "vitest";
import { createEmbeddedCloud } from "../../embedded/cloud.ts";
import { encodeControl } from "../../shared/protocol/stored/run.ts";
import { ControlDeadLetters } from "./control-dead-letters.ts";

/** A queue with SQS's rules: groups, visibility, ten messages a receive. */
async function scene(others: number) {
  const cloud = createEmbeddedCloud({ seed: 1, latencies: "none" });
  const queue = cloud.createQueue("dead.fifo", { visibilitySeconds: 30, retentionSeconds: 3600 });
  const ports = cloud.client;
  let receives = 0;
  const counting: typeof ports = {
    ...ports,
    queues: {
      ...ports.queues,
      receive: (...args) => {
        receives++;
        return ports.queues.receive(...args);
      },
    },
  };
  const send = async (run: string): Promise<void> =>
    cloud.run(
      ports.queues.send(queue, [
        {
          body: encodeControl({ version: 1, run, action: "start", tenure: 0 }),
          group: run,
          deduplicationId: run,
        },
      ]),
    );
  for (let i = 0; i < others; i++) await send(`other-${i}`);
  await send("mine");
  const box = () => new ControlDeadLetters(counting, queue);
  return { cloud, queue, box, receives: () => receives };
}

describe("a run's dead letter behind those of other runs", () => {
  it.each([0, 3, 9, 10, 12, 250])(
    "is seen at the first look behind %i of them, which stay",
    async (others) => {
      const { cloud, queue, box } = await scene(others);
      expect(await cloud.run(box().has("mine"))).toBe(true);
      expect(await cloud.run(box().has("nobody"))).toBe(false);
      // Given back at once: whoever looks next finds them all.
      expect(cloud.queue(queue)).toMatchObject({ waiting: others + 1, inFlight: 0 });
      expect(await cloud.run(box().takeInTime("mine"))).toBe(true);
      expect(cloud.queue(queue)).toMatchObject({ waiting: others, inFlight: 0 });
      expect(await cloud.run(box().take("mine"))).toBe(false);
      expect(await cloud.run(box().has(others === 0 ? "mine" : `other-${others - 1}`))).toBe(others > 0);
    },
  );

  it("is looked for every ten seconds, once for all runs", async () => {
    const { cloud, box, receives } = await scene(12);
    const one = box();
    const look = (): Promise<boolean> => cloud.run(one.has("mine"));
    await look();
    const atFirst = receives();
    for (const run of ["mine", "other-1", "nobody"]) await cloud.run(one.has(run));
    expect(receives()).toBe(atFirst);
    await cloud.run(cloud.client.clock.sleep(10_000));
    await look();
    expect(receives()).toBe(2 * atFirst);
  });
});
