import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("delete")
  .argument("<runs...>")
  .description(
    "deletes runs and everything of them, for good: says what, and asks; never a run that is running",
  )
  .option("--yes", "delete without asking")
  .option("--silent", "also runs that give no sign of life")
  .action(async (runs: string[], options) =>
    (await import("../actions/delete.ts")).deleteRuns(runs, options),
  );
