import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("list")
  .option("--json", "as a JSON array")
  .action(async (options) => (await import("../actions/list.ts")).list(options));
