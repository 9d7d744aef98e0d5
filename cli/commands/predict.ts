import { engineCommand } from "../flags/command.ts";
import { at } from "../flags/parameters.ts";

export const command = engineCommand("predict")
  .argument("<run>")
  .option("--data <name>", "an imported data set; default: the run's own")
  .requiredOption("--out <file>", "CSV: row (from 0), prediction, label, score and probability")
  .addOption(at())
  .option("--force", "replace the file, if there is one")
  .action(async (run: string, options) => (await import("../actions/predict.ts")).predictRows(run, options));
