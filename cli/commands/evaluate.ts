import { engineCommand } from "../flags/command.ts";
import { at } from "../flags/parameters.ts";

export const command = engineCommand("evaluate")
  .argument("<run>")
  .option("--data <name>", "an imported data set; default: the run's own")
  .addOption(at())
  .option("--json", "as JSON")
  .action(async (run: string, options) => (await import("../actions/evaluate.ts")).evaluateRun(run, options));
