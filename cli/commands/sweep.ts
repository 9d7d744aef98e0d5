import { engineCommand } from "../flags/command.ts";
import { jobs } from "../flags/jobs.ts";
import { latencies } from "../flags/latencies.ts";
import { yes } from "../flags/spending.ts";
import { positiveNumber } from "../flags/values.ts";

export const command = engineCommand("sweep")
  .argument("<sweep>", "JSON file of a sweep (its schema: docs/schema/sweep.schema.json)")
  .addOption(jobs())
  .option(
    "--max-usd <dollars>",
    "on a stack: start no run that is predicted to take the whole sweep beyond this; default: 1 on aws",
    positiveNumber,
  )
  .addOption(yes())
  .option("--out <folder>", "where the results go; default: HOME/sweeps/NAME")
  .addOption(latencies())
  .action(async (sweep: string, options) => (await import("../actions/sweep.ts")).sweep(sweep, options));
