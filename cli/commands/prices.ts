import { plainCommand } from "../flags/command.ts";

export const command = plainCommand("prices")
  .option("--region <name>", "AWS region; default: us-east-1")
  .action(async (options) => (await import("../actions/prices.ts")).prices(options));
