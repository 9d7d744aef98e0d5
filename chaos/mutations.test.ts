/** A simulator that can't find bugs is no evidence: deliberate ones, each in a process of its own. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { CHAOS_RATIOS } from "../embedded/faults/faults.ts";
import { mutations } from "./testing/mutations.ts";
import { stageNamed, storeWithChaosData } from "./testing/stages.ts";
import { runTrial } from "./trial.ts";

const mutant = fileURLToPath(new URL("./testing/mutant.ts", import.meta.url));
const run = promisify(execFile);

/** By what some are found first: their own law. */
const laws: Readonly<Record<keyof typeof mutations, RegExp>> = {
  "counts messages instead of distinct tasks": /^round \d+, slot \d+, worker \d+: counted twice/,
  "takes an answer of an earlier round": /^round \d+, .*: counted .* but it is of round \d+/,
  "keeps an earlier membership's contribution":
    /^round \d+, .*: counted .* but it is of round \d+, membership/,
  "sums a round without its last slot": /summed \d+ slots with \d+ of \d+ counted/,
  "writes the checkpoint without a condition":
    /after it had lost its lease|the checkpoint went back from round/,
  "never looks at its lease": /after the lease had ended$/,
  "takes its control message for done though its term has failed": /neither goes on nor ends/,
  "ends a run without storing its end": /of a run that is running/,
  "forgets in its bill what the terms before have spent": /^the bill is/,
  "bills again what the terms before have spent": /^the bill is/,
  "lets half a minute go by before it stores its state": /^the run cost \d+\.\d times/,
};

it("all of them, thirty-one, are told of in RELIABILITY.md", () => {
  const text = readFileSync(new URL("../docs/RELIABILITY.md", import.meta.url), "utf8");
  const table = text.slice(text.indexOf("| bug: a service that"), text.indexOf("seeds** over all"));
  const told = [...table.matchAll(/^\| (.+?) \| (\d+) \|/gm)].map(([, name, seed]) => ({ name, seed }));
  expect(told.map(({ name }) => name).sort()).toEqual(Object.keys(mutations).sort());
  for (const { name, seed } of told) expect(Number(seed), name).toBeLessThanOrEqual(1000);
  expect(told).toHaveLength(31);
  expect(text).toContain("puts thirty-one bugs into the service");
});

/** Bug -> where it was found. */
const found = new Map<string, { readonly stage: string; readonly seed: number }>();

it.each(Object.keys(mutations))(
  "a service that %s is found out within 1,000 seeds",
  async (name) => {
    const law = laws[name] ?? /./;
    const { stdout } = await run(process.execPath, [mutant, name, "1000"]);
    const { stage, seed, violation } = JSON.parse(stdout) as {
      stage: string | null;
      seed: number | null;
      violation: string | null;
    };
    expect(seed).not.toBeNull();
    expect(violation).toMatch(law);
    found.set(name, { stage: stage!, seed: seed! });
  },
  600_000,
);

it("none of these seeds breaks a law without its bug", async () => {
  expect(found.size).toBe(Object.keys(mutations).length);
  const objects = await storeWithChaosData();
  for (const [name, finds] of Map.groupBy(found.values(), ({ stage }) => stage)) {
    const stage = await stageNamed(objects, name);
    for (const seed of new Set(finds.map((find) => find.seed))) {
      const { violations } = await runTrial(stage, { seed, ratios: CHAOS_RATIOS });
      expect(violations, `${name}, seed ${seed}`).toEqual([]);
    }
  }
}, 180_000);
