/** Looking at a run from other processes while one drives it: every look finds whole objects that belong together. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { EmbeddedEngine } from "../../client/engines/embedded.ts";
import { readRounds } from "../../client/rounds/read-rounds.ts";
import { standingOf } from "../../client/standing.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { marina, start } from "../fixtures/cli.ts";

const cwd = mkdtempSync(join(tmpdir(), "marina-live-"));
const home = join(cwd, "home");
const inHome = ["--home", home] as const;
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it("a run is never seen half written, nor its rounds with a gap", async () => {
  await marina(["data", "import", shippedFile("mushrooms"), "--name", "mushrooms", ...inHome], { cwd });
  const spec: RunSpecInput = {
    name: "live",
    data: "mushrooms",
    workers: 5,
    remainder: "drop",
    problem: { kind: "nonconvex-binary" },
    algorithm: { kind: "diana", compressor: { kind: "rand-k", k: 10 }, stepSize: 0.1 },
    stop: { rounds: 1_000_000 },
  };
  const driver = start(["run", "-", ...inHome], { cwd, input: JSON.stringify(spec) });
  try {
    while (!existsSync(join(home, "objects", "runs", "live", "checkpoint"))) {
      if (driver.child.exitCode !== null) throw new Error((await driver.outcome).stderr);
      await sleep(5);
    }
    const seen = new Set<number>();
    for (let look = 0; look < 300; look++) {
      const engine = new EmbeddedEngine(home);
      const standing = await standingOf(engine, "live");
      if (standing.result !== undefined) throw new Error("the run has ended");
      expect(standing.liveness).toEqual({
        state: "live",
        because: `process ${driver.child.pid} drives it`,
      });
      seen.add(standing.checkpoint!.round);
      const rounds = (await readRounds(engine.live, "live")).map(({ round }) => round);
      expect(rounds).toEqual(Array.from({ length: rounds.length }, (_, round) => round));
      expect(rounds.length).toBeGreaterThanOrEqual(standing.checkpoint!.round - 1);
      await engine.close();
      await sleep(20);
    }
    expect(seen.size).toBeGreaterThan(3);
  } finally {
    driver.child.kill("SIGKILL");
    await driver.outcome;
  }
}, 120_000);
