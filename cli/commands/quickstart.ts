import { engineCommand } from "../flags/command.ts";
import { maxUsd, yes } from "../flags/spending.ts";

export const command = engineCommand("quickstart")
  .addOption(maxUsd())
  .addOption(yes())
  .option("--json", "print one JSON array as the last line of standard output")
  .action(async (options) => (await import("../actions/quickstart.ts")).quickstart(options));
