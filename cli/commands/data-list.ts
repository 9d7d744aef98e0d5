import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("list")
  .description("all data sets")
  .action(async (options) => (await import("../actions/data-list.ts")).list(options));
