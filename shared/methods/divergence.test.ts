/** A run that diverges says so, whatever hides it: driven by the service on an embedded cloud. */
import { describe, expect, it } from "vitest";
import { createRun } from "../../client/launch.ts";
import { createEmbeddedService } from "../../embedded/service/service.ts";
import { MarinaError } from "../base/errors.ts";
import { importLibsvm } from "../data/import.ts";
import { resultKey } from "../protocol/keys.ts";
import { parseRunSpec } from "../protocol/spec/spec.ts";
import { decodeResult, type RunResult } from "../protocol/stored/result.ts";
import { THREE_WORKERS } from "./testing/least-squares.ts";

const problem = { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.1 } } as const;

describe("a step far too long", () => {
  /** The rows of the ridge problem, driven by the service on an embedded cloud. */
  async function serve(extra: object): Promise<RunResult> {
    const service = createEmbeddedService({ seed: 1, latencies: "none" });
    const { objects } = service.cloud.client;
    const text = THREE_WORKERS.flat()
      .map(([a, y]) => `${y} ${a.map((value, j) => `${j + 1}:${value}`).join(" ")}\n`)
      .join("");
    const whole = async (): Promise<RunResult> => {
      const options = { name: "ridge", sourceName: "ridge", labels: "real", objects } as const;
      await importLibsvm(chunks(text), options);
      const spec = parseRunSpec({ data: "ridge", workers: 3, problem, ...extra }, "test");
      const { run, control } = await createRun(objects, spec);
      await service.control(control);
      for (;;) {
        try {
          return decodeResult((await objects.get(resultKey(run))).body, resultKey(run));
        } catch (error) {
          if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
        }
        await service.cloud.clock.sleep(1000);
      }
    };
    return service.cloud.run(whole());
  }

  async function* chunks(text: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }

  const marina = { kind: "marina", compressor: { kind: "rand-k", k: 1 }, probability: 0.3 } as const;

  it("ends GD and MARINA as diverged within a few rounds, and says what to do", async () => {
    for (const algorithm of [
      { kind: "gd", stepSize: 50 },
      { ...marina, stepSize: 50 },
    ]) {
      const result = await serve({ algorithm, stop: { rounds: 200 } });
      expect(result).toMatchObject({ status: "diverged", stoppedBy: "divergence" });
      expect(result.error).toMatch(/\|grad f\(x\^\d+\)\|\^2 = .* smaller step size/);
      expect(result.rounds).toBeLessThan(20);
    }
  });

  it("is noticed without evaluations too: when numbers overflow", async () => {
    const algorithm = { kind: "gd", stepSize: 1e150 };
    const result = await serve({ algorithm, stop: { rounds: 200 }, evaluateEvery: 0, wire: "float64" });
    expect(result).toMatchObject({ status: "diverged", stoppedBy: "divergence" });
    expect(result.error).not.toBeNull();
  });

  it("is noticed at the end of the rounds, where the last iterate is evaluated in any case", async () => {
    const algorithm = { kind: "gd", stepSize: 50 };
    const result = await serve({ algorithm, stop: { rounds: 6 }, evaluateEvery: 0 });
    expect(result.gradientNormSquared! / result.initialGradientNormSquared!).toBeGreaterThan(1e6);
    expect(result).toMatchObject({ status: "diverged", stoppedBy: "divergence" });
  });

  it("ends as done with the theory's step", async () => {
    const result = await serve({ algorithm: { ...marina, stepSize: "theory" }, stop: { rounds: 60 } });
    expect(result).toMatchObject({ status: "done", stoppedBy: "rounds", rounds: 60 });
    expect(result.relativeGradientNormSquared!).toBeLessThan(0.1);
  });
});
