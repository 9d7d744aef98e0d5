import { Option } from "../commander.ts";
import { engineCommand } from "../flags/command.ts";
import { positiveInteger } from "../flags/values.ts";

export const command = engineCommand("cost")
  .argument("<runs...>")
  .addOption(new Option("--by <what>", "lines of the bill").choices(["item", "round"]).default("item"))
  .option(
    "--reconcile",
    "the meter's counts beside CloudWatch's (aws) or beside the request log of a local cloud (localstack)",
  )
  .option("--csv", "as CSV")
  .option(
    "--prices <file>",
    "JSON file of prices, as marina prices prints it; default: built in, dated (its schema: docs/schema/prices.schema.json)",
  )
  .addOption(
    new Option("--architecture <name>", "price the seconds of this one").choices(["arm64", "x86-64"]),
  )
  .option("--free-tier", "take a month's free tier off")
  .option("--provisioned-pollers <n>", "pollers of the task queue in provisioned mode", positiveInteger)
  .action(async (runs: string[], options) => (await import("../actions/cost.ts")).cost(runs, options));
