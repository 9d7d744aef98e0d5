/** A simulator that can't find bugs is no evidence: five deliberate ones, each in a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { mutations } from "./testing/mutations.ts";

const mutant = fileURLToPath(new URL("./testing/mutant.ts", import.meta.url));
const run = promisify(execFile);

/** By what each is found first. */
const laws: Readonly<Record<keyof typeof mutations, RegExp>> = {
  "counts messages instead of distinct tasks": /^round \d+, slot \d+, worker \d+: counted twice/,
};

it.each(Object.keys(mutations))(
  "a service that %s is found out within 1,000 seeds",
  async (name) => {
    const law = laws[name] ?? /./;
    const { stdout } = await run(process.execPath, [mutant, name, "1000"]);
    const { seed, violation } = JSON.parse(stdout) as { seed: number | null; violation: string | null };
    expect(seed).not.toBeNull();
    expect(violation).toMatch(law);
  },
  120_000,
);
