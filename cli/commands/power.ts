import { Option } from "../commander.ts";
import { engineCommand } from "../flags/command.ts";
import { latencies } from "../flags/latencies.ts";
import { collect, memoryList } from "../flags/values.ts";

export const command = engineCommand("power")
  .argument("<spec>", "JSON file of a run, or - for standard input (its schema: marina schema)")
  .option(
    "--memory <list>",
    "MB of the worker's function, comma-separated",
    memoryList,
    [256, 512, 1024, 1769, 3538],
  )
  .addOption(new Option("--architecture <name>", "only this one; default: both").choices(["arm64", "x86-64"]))
  .option("--set <path=value>", "change a field of the spec (repeatable)", collect, [])
  .option("--out <file>", "also a page with the curve, as marina report writes them")
  .addOption(latencies())
  .action(async (spec: string, options) => (await import("../actions/power.ts")).power(spec, options));
