import { engineCommand } from "../flags/command.ts";
import { maxUsd, yes } from "../flags/spending.ts";

export const command = engineCommand("quickstart")
  .addOption(maxUsd())
  .addOption(yes())
  .option(
    "--fresh",
    "delete what an earlier quickstart has left, and run all anew; without: what is done is shown again",
  )
  .action(async (options) => (await import("../actions/quickstart.ts")).quickstart(options));
