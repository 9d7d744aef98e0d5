/** A simulator that can't find bugs is no evidence: deliberate ones, each in a process of its own. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { mutations } from "./testing/mutations.ts";

const mutant = fileURLToPath(new URL("./testing/mutant.ts", import.meta.url));
const run = promisify(execFile);

/** By what some are found first: their own law. */
const laws: Readonly<Record<keyof typeof mutations, RegExp>> = {
  "counts messages instead of distinct tasks": /^round \d+, slot \d+, worker \d+: counted twice/,
  "sums a round without its last slot": /summed \d+ slots with \d+ of \d+ counted/,
  "writes the checkpoint without a condition":
    /after it had lost its lease|the checkpoint went back from round/,
  "never looks at its lease": /after the lease had ended$/,
  "takes its control message for done though its term has failed": /neither goes on nor ends/,
  "ends a run without storing its end": /of a run that is running/,
  "forgets in its bill what the terms before have spent": /^the bill is/,
  "bills again what the terms before have spent": /^the bill is/,
  "lets a minute go by before it stores its state": /^the run cost \d+\.\d times/,
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

/** Found, but after so many seeds that only MARINA_LONG=1, which .ci/run sets, waits for them. */
const SLOW: ReadonlySet<string> = new Set<keyof typeof mutations>([
  "keeps an earlier membership's contribution",
]);
const tried = Object.keys(mutations).filter(
  (name) => process.env["MARINA_LONG"] !== undefined || !SLOW.has(name),
);

it.each(tried)(
  "a service that %s is found out within 1,000 seeds",
  async (name) => {
    const law = laws[name] ?? /./;
    const { stdout } = await run(process.execPath, [mutant, name, "1000"]);
    const { seed, violation } = JSON.parse(stdout) as { seed: number | null; violation: string | null };
    expect(seed).not.toBeNull();
    expect(violation).toMatch(law);
  },
  600_000,
);
