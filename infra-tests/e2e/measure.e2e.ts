/** `marina measure` on the deployed service: what it prints and writes, and that a run takes about what is predicted with it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { readLatencies } from "../../client/measure/latency-file.ts";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import { marina } from "../../tests/fixtures/cli.ts";
import { onStack, resultLine, scratchFolder } from "./testing/command.ts";
import { importMushrooms, Service } from "./testing/service.ts";
import { MARINA, RUN_SECONDS, WORKERS } from "./testing/specs.ts";

const cloud = inject("cloud");
const service = new Service(cloud);
const folder = scratchFolder();
const file = join(folder, "measured.json");
const DATA = "mushrooms-measure";

beforeAll(() => importMushrooms(service.ports.objects, DATA));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  "is measured by its own functions, leaves nothing behind but what was seen, and predicts",
  async () => {
    const args = ["measure", "--bursts", `${WORKERS},20`, "--out", file, "--json"];
    const outcome = await onStack(cloud, [...args, ...(cloud.kind === "aws" ? ["--yes"] : [])], {
      cwd: folder,
    });
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stderr).toMatch(/about \$0\.00\d+ and at most \$0\.0\d+ for a measurement of/);
    const printed = resultLine(outcome) as {
      contract: { held: boolean }[];
      bursts: { asked: number; answered: number }[];
    };
    expect(printed.contract.filter(({ held }) => !held)).toEqual([]);
    expect(printed.bursts.filter(({ asked, answered }) => answered < asked)).toEqual([]);
    const latencies = readLatencies(file);
    expect(latencies.queueCall.p50).toBeGreaterThan(0);
    expect(latencies.dispatchStandard.p50).toBeGreaterThan(latencies.queueCall.p10);
    const left = (await service.ports.objects.list("runs/measure-")).map((key) => key.split("/").at(-1));
    expect(left).toEqual(["measurement.json"]);

    const again = await onStack(cloud, args, { cwd: folder });
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is there already; give another name"),
    });

    const spec = parseRunSpec(
      {
        ...{ name: "predicted", data: DATA, workers: WORKERS, problem: { kind: "nonconvex-binary" } },
        ...{ algorithm: MARINA, stop: { rounds: 100 }, evaluateEvery: 0 },
      },
      "predicted",
    );
    const real = await service.ended(await service.launch(spec), RUN_SECONDS);
    const home = ["--home", join(folder, "home")];
    const source = join(import.meta.dirname, "../../experiments/data/mushrooms.gz");
    await marina(["data", "import", source, "--name", DATA, ...home], { cwd: folder });
    const input = JSON.stringify(spec);
    const predicted = resultLine(
      await marina(["run", "-", "--latencies", file, "--json", ...home], { cwd: folder, input }),
    );
    expect(predicted["iterateSha256"]).toBe(real.iterateSha256);
    const ratio = (predicted["predictedSeconds"] as number) / real.seconds;
    console.log(
      `predicted ${String(predicted["predictedSeconds"])} s, took ${real.seconds} s: ${ratio.toFixed(2)}`,
    );
    // Both were measured while the machine did other things as well: on a quiet one it is within 20 %.
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  },
  10 * 60_000,
);
