import { engineCommand } from "../flags/command.ts";
import { latencies } from "../flags/latencies.ts";
import { maxUsd, yes } from "../flags/spending.ts";

export const command = engineCommand("resume")
  .argument("<run>")
  .addOption(maxUsd())
  .addOption(yes())
  .addOption(latencies())
  .action(async (run: string, options) => (await import("../actions/resume.ts")).resume(run, options));
