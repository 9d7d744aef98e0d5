import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("watch")
  .argument("<runs...>")
  .option("--terminal", "in the terminal only")
  .action(async (runs: string[], options) => (await import("../actions/watch.ts")).watch(runs, options));
