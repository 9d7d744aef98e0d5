import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("logs")
  .argument("<run>")
  .action(async (run: string, options) => (await import("../actions/logs.ts")).logs(run, options));
