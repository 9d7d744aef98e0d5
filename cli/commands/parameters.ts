import { engineCommand } from "../flags/command.ts";
import { at } from "../flags/parameters.ts";

export const command = engineCommand("parameters")
  .argument("<run>")
  .requiredOption("--out <file>", "where to write: .safetensors, .npy, .json or .csv")
  .addOption(at())
  .option("--force", "replace the file, if there is one")
  .action(async (run: string, options) =>
    (await import("../actions/parameters.ts")).writeParameters(run, options),
  );
