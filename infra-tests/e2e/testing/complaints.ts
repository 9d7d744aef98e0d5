/** What the functions complained of, for whoever looks into a failure. */
import type { TestCloud } from "../global-setup.ts";
import { logLines } from "./functions.ts";

const LINES_SHOWN = 3;

export async function printComplaints(cloud: TestCloud, functionNames: readonly string[]): Promise<void> {
  for (const name of functionNames) {
    const complaints = (await logLines(name, '"WARN"')).slice(-LINES_SHOWN);
    console.log([`last warnings of ${name}:`, ...complaints].join("\n  "));
  }
  if (cloud.logFile !== undefined) console.log(`the cloud's own log: ${cloud.logFile}`);
}
