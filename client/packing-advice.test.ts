import { createReadStream } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_CONFIGURATION } from "../embedded/service/configuration.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import type { RunResult } from "../shared/protocol/stored/result.ts";
import { createRun } from "./launch.ts";
import { adviceText, packingAdvice, packingAdviceAfter } from "./packing-advice.ts";
import { predict } from "./predict.ts";

const objects = memoryStore();
const about = { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary" } as const;
beforeAll(async () => {
  await importLibsvm(createReadStream(shippedFile("mushrooms")), { ...about, objects });
});

function specOf(changes: Partial<RunSpecInput> = {}): RunSpec {
  const base: RunSpecInput = {
    data: "mushrooms",
    workers: 120,
    problem: { kind: "nonconvex-binary" },
    algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
    stop: { rounds: 80 },
    evaluateEvery: 0,
  };
  return parseRunSpec({ ...base, ...changes }, "a test");
}

/** A whole run of its own, as `marina run` makes one. */
async function ranWhole(spec: RunSpec): Promise<RunResult> {
  const service = createEmbeddedService({ seed: 1, configuration: DEFAULT_CONFIGURATION });
  const local = service.cloud.client.objects;
  await importLibsvm(createReadStream(shippedFile("mushrooms")), { ...about, objects: local });
  return driveToEnd(service, (await createRun(local, spec)).control);
}

describe("advice on packing", () => {
  it("tells of many small shards what packed runs then really take, and these have the same bits", async () => {
    const spec = specOf();
    const plain = await ranWhole(spec);
    const packed = await ranWhole({ ...spec, shardsPerTask: "auto" });
    expect(packed.iterateSha256).toBe(plain.iterateSha256);
    const advice = (await packingAdviceAfter(objects, { ...plain, spec }, DEFAULT_CONFIGURATION))!;
    expect(advice).toMatchObject({ set: { shardsPerTask: "auto" }, sameBits: true });
    expect(advice.now.usdPerRound).toBeCloseTo(plain.usd / 80, 12);
    expect(advice.cheaper / (plain.usd / packed.usd)).toBeGreaterThan(0.8);
    expect(advice.cheaper / (plain.usd / packed.usd)).toBeLessThan(1.25);
    expect(advice.faster / (plain.seconds / packed.seconds)).toBeGreaterThan(0.7);
    expect(advice.faster / (plain.seconds / packed.seconds)).toBeLessThan(1.4);
    expect(advice.cheaper).toBeGreaterThan(10);
  });

  it("has nothing to say of a run that is packed, and of a single worker", async () => {
    for (const changes of [{ shardsPerTask: "auto" }, { workers: 1 }] as const) {
      const spec = specOf(changes);
      const now = (await predict(objects, spec, DEFAULT_CONFIGURATION))!;
      expect(await packingAdvice(objects, spec, DEFAULT_CONFIGURATION, now)).toBeUndefined();
    }
  });

  it("is silent below a factor of 1.5, and where what is gained in one is lost in the other", async () => {
    const spec = specOf({ workers: [{ workers: 120 }] });
    const packed = (await predict(objects, { ...spec, shardsPerTask: "auto" }, DEFAULT_CONFIGURATION))!;
    const with_ = (usd: number, seconds: number) => {
      const now = {
        usdPerRound: usd * packed.usdPerRound,
        secondsPerRound: seconds * packed.secondsPerRound,
      };
      return packingAdvice(objects, spec, DEFAULT_CONFIGURATION, now);
    };
    expect(await with_(1.4, 1.4)).toBeUndefined();
    expect(await with_(1.6, 0.5)).toBeUndefined();
    expect(await with_(1.01, 1.6)).toBeDefined();
    expect(await with_(1.6, 0.9)).toBeDefined();
  });

  it("names fewer workers where packing changes nothing", async () => {
    const spec = specOf({ shardsPerTask: 120 });
    const now = { usdPerRound: 1, secondsPerRound: 1 };
    const advice = (await packingAdvice(objects, spec, DEFAULT_CONFIGURATION, now))!;
    expect(advice).toMatchObject({ set: { workers: 30 }, sameBits: false });
    expect(adviceText(advice)).toMatch(/^with "workers": 30 it would take .* a different run$/);
  });

  it("says it in a sentence, with figures", () => {
    const text = adviceText({
      set: { shardsPerTask: "auto" },
      sameBits: true,
      now: { usdPerRound: 2.1e-3, secondsPerRound: 0.308 },
      changed: { usdPerRound: 1.3e-5, secondsPerRound: 0.078 },
      cheaper: 161.5,
      faster: 3.95,
    });
    expect(text).toBe(
      'with "shardsPerTask": "auto" it would take $0.0130 per 1,000 rounds and 78 ms a round in place of $2.10 per 1,000 rounds and 308 ms a round: 162 x cheaper, 4.0 x faster, the same bits',
    );
  });
});
