import { describe, expect, it } from "vitest";
import { createEmbeddedCloud, type EmbeddedCloud } from "../cloud.ts";
import type { MappingRamp } from "../latency/latencies.ts";
import { AWS_RAMP } from "./mapping.ts";

interface Work {
  readonly count: number;
  /** Each is at work for so long. */
  readonly seconds: number;
  readonly ramp: MappingRamp | undefined;
  readonly maxConcurrency?: number;
  /** Of the function. */
  readonly reservedConcurrency?: number | undefined;
  /** Sent at this virtual millisecond. */
  readonly sentAt?: number;
  /** Watches from the mapping's beginning on. */
  readonly watch?: (cloud: EmbeddedCloud) => void;
}

/** When each of `count` messages begins, all sent at once. */
async function begunAt(work: Work): Promise<number[]> {
  const { count, seconds, ramp, maxConcurrency, reservedConcurrency, sentAt = 0, watch } = work;
  const cloud = createEmbeddedCloud({ seed: 1, latencies: "none" });
  const queue = cloud.createQueue("tasks", { visibilitySeconds: 360, retentionSeconds: 3600 });
  const begun: number[] = [];
  const worker = cloud.defineFunction({
    name: "worker",
    memoryMb: 1769,
    timeoutSeconds: 60,
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
    create: (ports) => async () => {
      begun.push(cloud.clock.now());
      await ports.clock.sleep(1000 * seconds);
      return { failedMessageIds: [] };
    },
  });
  if (sentAt > 0) await cloud.run(cloud.client.clock.sleep(sentAt));
  cloud.mapQueue({
    queue,
    function: worker,
    batchSize: 1,
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(ramp === undefined ? {} : { ramp }),
  });
  watch?.(cloud);
  const bodies = Array.from({ length: count }, (_, i) => ({ body: String(i) }));
  for (let from = 0; from < count; from += 10)
    await cloud.client.queues.send(queue, bodies.slice(from, from + 10));
  await cloud.run(cloud.client.clock.sleep(600_000));
  return begun;
}

const beginnings = (
  count: number,
  seconds: number,
  ramp: MappingRamp | undefined,
  maxConcurrency = 1000,
): Promise<number[]> => begunAt({ count, seconds, ramp, maxConcurrency });

/** Virtual milliseconds at which doubles are 2e-9 apart. */
const LATE = 1e7;

/** A spin at one instant would never come back to the test: it is ended from inside. */
function endSpins({ clock }: EmbeddedCloud): void {
  const set = clock.at.bind(clock);
  let timers = 0;
  clock.at = (time, action) => {
    if (++timers > 10_000) throw new Error("spins at one instant");
    return set(time, action);
  };
}

/** When each of 20 messages begins, all sent late and each at work for a second, in a function of so many at one time. */
const beginningsLate = (ramp: MappingRamp, reservedConcurrency: number | undefined): Promise<number[]> =>
  begunAt({ count: 20, seconds: 1, ramp, reservedConcurrency, sentAt: LATE, watch: endSpins });

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

  it.each([
    ["many", undefined],
    ["few", 7],
  ])(
    "so steep that the clock can't tell its steps apart starts at once as %s as the function takes",
    async (_, most) => {
      const begun = await beginningsLate({ atFirst: 5, perMinute: 1e9 }, most);
      expect(begun).toHaveLength(20);
      // In waves of so many, each at work for a second.
      const waves = begun.map((at) => Math.round((at - LATE) / 1000));
      expect(waves).toEqual(Array.from({ length: 20 }, (_unused, i) => Math.floor(i / (most ?? 20))));
    },
  );

  it("changes nothing for as many messages as it begins with", async () => {
    expect(await beginnings(5, 3, AWS_RAMP)).toEqual(await beginnings(5, 3, undefined));
    expect(new Set(await beginnings(300, 3, undefined))).toEqual(new Set([0]));
  });
});
