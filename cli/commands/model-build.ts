import { engineCommand } from "../flags/command.ts";
import { labelForm, rowShape } from "../flags/model.ts";

export const command = engineCommand("build")
  .argument(
    "<file>",
    "TypeScript or JavaScript whose default export is a model; it is run on this machine, and only by this command",
  )
  .description(
    "a model of one's own: from its file to a program that functions can run, stored by its digest",
  )
  .option("--data <name>", "an imported data set: what a row and its label are")
  .option("--row <sizes>", "shape of a row, e.g. 64 or 8,8,1", rowShape)
  .option("--label <kind>", "what its label is: real, binary, classes:COUNT, or none", labelForm)
  .option("--out <file>", "also write the program, as JSON")
  .action(async (file: string, options) =>
    (await import("../actions/model-build.ts")).buildModel(file, options),
  );
