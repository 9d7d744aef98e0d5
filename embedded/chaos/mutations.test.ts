/** A simulator that can't find bugs is no evidence: five deliberate ones, each in a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { mutations } from "./testing/mutations.ts";

const mutant = fileURLToPath(new URL("./testing/mutant.ts", import.meta.url));
const run = promisify(execFile);

it.each(Object.keys(mutations))(
  "a service that %s is found out within 1,000 seeds",
  async (name) => {
    const { stdout } = await run(process.execPath, [mutant, name, "1000"]);
    const { seed, violations } = JSON.parse(stdout) as { seed: number | null; violations: string[] };
    expect(seed).not.toBeNull();
    expect(violations.length).toBeGreaterThan(0);
  },
  120_000,
);
