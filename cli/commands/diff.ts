import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("diff")
  .argument("<run>")
  .argument("<other>")
  .description("where two runs differ: specs field by field, results, seconds and dollars")
  .action(async (run: string, other: string, options) =>
    (await import("../actions/diff.ts")).diff(run, other, options),
  );
