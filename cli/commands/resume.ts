import { engineCommand } from "../flags/command.ts";
import { maxUsd, yes } from "../flags/spending.ts";

export const command = engineCommand("resume")
  .argument("<run>")
  .addOption(maxUsd())
  .addOption(yes())
  .option("--json", "print one JSON object as the last line of standard output")
  .action(async (run: string, options) => (await import("../actions/resume.ts")).resume(run, options));
