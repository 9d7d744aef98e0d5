import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("compare")
  .argument("<runs...>")
  .action(async (runs: string[], options) => (await import("../actions/compare.ts")).compare(runs, options));
