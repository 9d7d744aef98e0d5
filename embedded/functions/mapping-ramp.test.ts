import { describe, expect, it } from "vitest";
import { createEmbeddedCloud } from "../cloud.ts";
import type { MappingRamp } from "../latency/latencies.ts";
import { AWS_RAMP } from "./mapping.ts";

/** When each of `count` messages, all sent at 0 and each at work for so long, begins. */
async function beginnings(
  count: number,
  seconds: number,
  ramp: MappingRamp | undefined,
  maxConcurrency = 1000,
): Promise<number[]> {
  const cloud = createEmbeddedCloud({ seed: 1, latencies: "none" });
  const queue = cloud.createQueue("tasks", { visibilitySeconds: 360, retentionSeconds: 3600 });
  const begun: number[] = [];
  const worker = cloud.defineFunction({
    name: "worker",
    memoryMb: 1769,
    timeoutSeconds: 60,
    create: (ports) => async () => {
      begun.push(cloud.clock.now());
      await ports.clock.sleep(1000 * seconds);
      return { failedMessageIds: [] };
    },
  });
  cloud.mapQueue({
    queue,
    function: worker,
    batchSize: 1,
    maxConcurrency,
    ...(ramp === undefined ? {} : { ramp }),
  });
  const bodies = Array.from({ length: count }, (_, i) => ({ body: String(i) }));
  for (let from = 0; from < count; from += 10)
    await cloud.client.queues.send(queue, bodies.slice(from, from + 10));
  await cloud.run(cloud.client.clock.sleep(600_000));
  return begun;
}

describe("a mapping's ramp", () => {
  it("begins with five and allows one more every 200 ms while messages wait", async () => {
    const begun = await beginnings(25, 50, AWS_RAMP);
    expect(begun).toHaveLength(25);
    expect(begun.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    // 300 a minute are 5 a second.
    for (const [i, at] of begun.slice(5).entries()) expect(at).toBeCloseTo(200 * (i + 1), 3);
  });

  it("goes no further than the mapping's maximum", async () => {
    const begun = await beginnings(30, 10, AWS_RAMP, 8);
    const atOnce = (at: number) => begun.filter((from) => from <= at && at < from + 10_000).length;
    expect(Math.max(...begun.map(atOnce))).toBe(8);
  });

  it("changes nothing for as many messages as it begins with", async () => {
    expect(await beginnings(5, 3, AWS_RAMP)).toEqual(await beginnings(5, 3, undefined));
    expect(new Set(await beginnings(300, 3, undefined))).toEqual(new Set([0]));
  });
});
