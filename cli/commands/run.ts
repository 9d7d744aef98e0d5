import { engineCommand } from "../flags/command.ts";
import { note, tag } from "../flags/labels.ts";
import { latencies } from "../flags/latencies.ts";
import { maxUsd, yes } from "../flags/spending.ts";
import { collect } from "../flags/values.ts";

export const command = engineCommand("run")
  .argument("<spec>", "JSON file of a run, or - for standard input (its schema: marina schema)")
  .addOption(maxUsd())
  .addOption(yes())
  .option(
    "--set <path=value>",
    "change a field of the spec, e.g. algorithm.compressor.k=5 (repeatable)",
    collect,
    [],
  )
  .addOption(tag())
  .addOption(note())
  .option("--explain", "say where the step size comes from and what it promises, and do nothing else")
  .addOption(latencies())
  .action(async (spec: string, options) => (await import("../actions/run.ts")).runSpec(spec, options));
