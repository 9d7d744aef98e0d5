import { engineCommand } from "../flags/command.ts";
import { yes } from "../flags/spending.ts";
import { burstList } from "../flags/values.ts";

export const command = engineCommand("measure")
  .option("--out <file>", "writes what --latencies takes; default: it is only shown")
  .option(
    "--bursts <list>",
    "probes at one time, comma-separated; the first is tried eight times",
    burstList,
    [10, 100, 500],
  )
  .addOption(yes())
  .action(async (options) => (await import("../actions/measure.ts")).measure(options));
