import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("show")
  .argument("<run>")
  .option("--rounds", "every round, as CSV")
  .action(async (run: string, options) => (await import("../actions/show.ts")).show(run, options));
