import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("stop")
  .argument("<run>")
  .option("--now", "at once: what the present round has brought is dropped, and asked for again by resume")
  .action(async (run: string, options) => (await import("../actions/stop.ts")).stop(run, options));
