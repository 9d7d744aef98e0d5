/** Calibrations that take long: handed over, killed, stopped and bounded; on the embedded cloud, where they take none of the run's time. */
import { describe, expect, it } from "vitest";
import { createEmbeddedService, type EmbeddedService } from "../../embedded/service/service.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { POWER_STEP_LIMIT } from "../../shared/math/power-iteration.ts";
import { powerProgressKey, spectraKey } from "../../shared/protocol/keys.ts";
import { AGGREGATOR_TIMEOUT_SECONDS, CALIBRATION_STEPS_PER_STORE } from "../../shared/protocol/limits.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { decodePowerProgress } from "../../shared/protocol/stored/calibration.ts";
import { decodeSpectra } from "../../shared/protocol/stored/spectra.ts";
import { createCrashingService } from "../fixtures/crashing.ts";
import { createRun, drive, requestStop, resume, runToEnd } from "../fixtures/service.ts";

/** Its power iteration takes some 7,000 steps, of some 50 ms each. */
const LONG = 0.9994;
/** Its power iteration does not settle to 13 digits within the limit of steps. */
const ENDLESS = 0.9999;
const PROGRESS = powerProgressKey("slow", "2-spread");

const SPEC: RunSpecInput = {
  data: "slow",
  workers: 2,
  problem: { kind: "least-squares" },
  algorithm: { kind: "gd", stepSize: "theory" },
  stop: { rounds: 5 },
};

/** N = 4, A^T A = diag(2, 2 ratio^2): L_f = 2/4 and L_1 = 1, L_2 = ratio^2, worked out by hand. */
async function importRows({ cloud }: EmbeddedService, ratio: number): Promise<void> {
  const rows = (async function* () {
    yield new TextEncoder().encode(`1 1:1\n2 1:1\n1 2:${ratio}\n2 2:${ratio}\n`);
  })();
  const { objects } = cloud.client;
  await importLibsvm(rows, { name: "slow", sourceName: "slow", labels: "real", objects });
}

interface Watched {
  readonly service: EmbeddedService;
  /** The steps of the power iteration, in the order in which they were asked. */
  readonly asked: number[];
  /** Those after which its progress was stored. */
  readonly stored: number[];
}

async function serviceOf(
  ratio: number,
  latencies: "aws" | "none" = "aws",
  onStep: (step: number) => void = () => undefined,
): Promise<Watched> {
  const asked: number[] = [];
  const stored: number[] = [];
  const service = createEmbeddedService({
    seed: 1,
    latencies,
    observer: {
      calibration: (what, step) => {
        if (what !== "average-smoothness") return;
        asked.push(step);
        onStep(step);
      },
    },
    watcher: {
      stored(key, body) {
        if (key === PROGRESS) stored.push(decodePowerProgress(body, key).power.steps);
      },
      destroyed: () => undefined,
    },
  });
  await importRows(service, ratio);
  return { service, asked, stored };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, step) => step);

describe("a calibration that outlasts an invocation", () => {
  it("is handed over, goes on where it was, and comes to the right constant; what it took is shown apart", async () => {
    const { service, asked, stored } = await serviceOf(LONG);
    const result = await runToEnd(service, "r", SPEC);
    expect(result).toMatchObject({ status: "done", rounds: 5 });
    expect(result.tenure).toBeGreaterThan(0);
    expect(result.constants.Lf).toBeCloseTo(0.5, 10);
    // Each step once: the hand-over loses none.
    expect(asked.length).toBeLessThan(POWER_STEP_LIMIT);
    expect(asked).toEqual(upTo(asked.length));
    expect(stored.slice(0, 3)).toEqual([1, 2, 3].map((times) => times * CALIBRATION_STEPS_PER_STORE));
    expect(await service.cloud.client.objects.list(PROGRESS)).toEqual([]);
    const { seconds, usd, warnings } = result.preparation!;
    expect(seconds).toBeGreaterThan(AGGREGATOR_TIMEOUT_SECONDS);
    // The aggregator's own time alone costs more than this, at 1,769 MB and Lambda's price for arm64.
    expect(usd).toBeGreaterThan(seconds * (1769 / 1024) * 0.0000133334);
    expect(warnings).toEqual([]);

    // A later run on the same partition finds what it needs, has the same bits, and takes less: no hand-over.
    const later = await runToEnd(service, "later", SPEC);
    expect(later.iterateSha256).toBe(result.iterateSha256);
    expect(later.preparation).toBeUndefined();
    expect(later.tenure).toBe(0);
    expect(asked.filter((step) => step === 0)).toHaveLength(1);
  });

  it("is killed again and again and goes on from what it has stored, with the same bits", async () => {
    const undisturbed = await runToEnd((await serviceOf(LONG)).service, "r", SPEC);
    // Of its 300 s each aggregator lives 100, and is not told so: it does not hand over.
    const service = createCrashingService({ seed: 1 }, 100);
    await importRows(service, LONG);
    await createRun(service, "r", SPEC);
    const result = await drive(service, "r", { action: "start", tenure: 0 });
    expect(result).toMatchObject({ status: "done", iterateSha256: undisturbed.iterateSha256 });
    expect(result.constants).toEqual(undisturbed.constants);
    expect(service.tenures()).toBeGreaterThan(3);
  });

  it("is stopped by the user in its middle, and goes on from there when it is resumed", async () => {
    const undisturbed = await runToEnd((await serviceOf(0.99)).service, "r", SPEC);
    // Without latencies, as a command takes time by the clock, and a calibration none.
    const { service, asked, stored } = await serviceOf(0.99, "none", (step) => {
      if (step === 120 && asked.length === 121) void requestStop(service, "r");
    });
    const stopped = await runToEnd(service, "r", SPEC);
    expect(stopped).toMatchObject({ status: "stopped", stoppedBy: "user", rounds: 0, loss: null });
    expect(asked.length).toBeLessThan(130);
    expect(stored.at(-1)).toBe(asked.length);
    const resumed = await resume(service, "r");
    expect(resumed).toMatchObject({ status: "done", iterateSha256: undisturbed.iterateSha256 });
    expect(asked).toEqual(upTo(asked.length));
  });
});

describe("a power iteration that does not settle", () => {
  it("ends at its limit: the bound mean_i L_i takes the place of L_f, and the result says so", async () => {
    const { service, asked } = await serviceOf(ENDLESS);
    const result = await runToEnd(service, "r", SPEC);
    expect(result).toMatchObject({ status: "done", rounds: 5 });
    expect(asked).toEqual(upTo(POWER_STEP_LIMIT));
    expect(result.constants.Lf).toBeCloseTo((1 + ENDLESS ** 2) / 2, 12);
    const key = spectraKey("slow", "2-spread");
    const { gramSteps, gramEigenvalue } = decodeSpectra(
      (await service.cloud.client.objects.get(key)).body,
      key,
    );
    expect({ gramSteps, gramEigenvalue }).toEqual({ gramSteps: POWER_STEP_LIMIT, gramEigenvalue: undefined });
    expect(result.preparation!.warnings).toHaveLength(1);
    expect(result.preparation!.warnings[0]).toMatch(
      /^n = 2: the power iteration for L_f had not settled after 10000 steps; its upper bound mean_i L_i takes its place/,
    );

    // A later run does not try again, and says so too.
    const later = await runToEnd(service, "later", SPEC);
    expect(asked).toHaveLength(POWER_STEP_LIMIT);
    expect(later.iterateSha256).toBe(result.iterateSha256);
    expect(later.preparation!.warnings).toEqual(result.preparation!.warnings);
  });
});
