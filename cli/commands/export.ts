import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("export")
  .argument("<run>")
  .argument("<file>", "where to write; it must not exist yet")
  .option("--no-data", "leave the data set out: where the run goes on it must be imported already")
  .action(async (run: string, file: string, options) =>
    (await import("../actions/export.ts")).exportRun(run, file, options),
  );
