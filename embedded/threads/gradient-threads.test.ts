import { createReadStream } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { createRun } from "../../client/launch.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import type { RunResult } from "../../shared/protocol/stored/result.ts";
import { CHAOS_RATIOS, FaultPlan } from "../faults/faults.ts";
import { driveToEnd } from "../service/drive-to-end.ts";
import { createEmbeddedService, type EmbeddedService, type ServiceOptions } from "../service/service.ts";

const opened: EmbeddedService[] = [];
afterEach(async () => {
  for (const service of opened.splice(0)) await service.close();
});

const marina: Omit<RunSpecInput, "data"> = {
  workers: 5,
  problem: { kind: "nonconvex-binary", regularizer: { kind: "nonconvex", lambda: 0.1 } },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 60 },
  evaluateEvery: 2,
};

interface Outcome {
  /** All but the run's random name. */
  readonly result: Partial<RunResult>;
  readonly usage: unknown;
  readonly fromThreads: number;
}

async function run(
  spec: Omit<RunSpecInput, "data">,
  options: Pick<ServiceOptions, "threads" | "plan">,
): Promise<Outcome> {
  const service = createEmbeddedService({ seed: 1, ...options });
  opened.push(service);
  const { objects } = service.cloud.client;
  const source = createReadStream(shippedFile("mushrooms"));
  await importLibsvm(source, { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary", objects });
  const { control } = await createRun(objects, parseRunSpec({ ...spec, data: "mushrooms" }, "threads"));
  const { run: _, ...result } = await driveToEnd(service, control);
  return { result, usage: service.cloud.usage(), fromThreads: service.gradientsFromThreads() };
}

/** From the first gradients on. */
const eager = { fromNonZeros: 1, startNonZeros: 1, wait: true };

describe("gradients of other threads", () => {
  it.each([1, 2, 3])("leave result and bill as they are (%d threads)", async (threads) => {
    const alone = await run(marina, {});
    const helped = await run(marina, { threads: { threads, ...eager } });
    // All but those of the first round, and of the tasks that were sent a second time.
    expect(helped.fromThreads).toBeGreaterThanOrEqual(58 * 5);
    expect(helped.result).toEqual(alone.result);
    expect(helped.usage).toEqual(alone.usage);
  });

  it("that come too late are computed by the main thread: the same result again", async () => {
    const alone = await run(marina, {});
    const helped = await run(marina, { threads: { threads: 1, ...eager, wait: false } });
    expect(helped.result).toEqual(alone.result);
    expect(helped.usage).toEqual(alone.usage);
  });

  it("leave them as they are when a task stands for several workers, and shifts are remembered", async () => {
    const spec: typeof marina = {
      ...marina,
      workers: 12,
      shardsPerTask: 4,
      algorithm: { kind: "diana", compressor: { kind: "natural" } },
      stop: { rounds: 25 },
    };
    const alone = await run(spec, {});
    const helped = await run(spec, { threads: { threads: 2, ...eager } });
    expect(helped.fromThreads).toBeGreaterThan(0);
    expect(helped.result).toEqual(alone.result);
    expect(helped.usage).toEqual(alone.usage);
  });

  it("leave them as they are among faults", async () => {
    const plan = () => new FaultPlan({ seed: 3, ratios: CHAOS_RATIOS });
    const alone = await run(marina, { plan: plan() });
    const helped = await run(marina, { plan: plan(), threads: { threads: 2, ...eager } });
    expect(helped.fromThreads).toBeGreaterThan(0);
    expect(helped.result).toEqual(alone.result);
  });

  it("are not asked for while shards are small or the run is short", async () => {
    const { fromThreads } = await run(marina, { threads: { threads: 1 } });
    expect(fromThreads).toBe(0);
  });
});
