import { Option } from "../commander.ts";
import { engineCommand } from "../flags/command.ts";
import { collect } from "../flags/values.ts";

export const command = engineCommand("list")
  .description("all runs, or those that are asked for; oldest first")
  .addOption(
    new Option("--sort <by>", "what is least comes first; accuracy is |∇f|²/start")
      .choices(["created", "name", "status", "rounds", "seconds", "usd", "accuracy", "bits"])
      .default("created"),
  )
  .option("--reverse", "what is last comes first")
  .option("--filter <name>", "runs with this name; * stands for any text")
  .option(
    "--status <words>",
    "comma-separated: running, silent, cut-off, done, stopped, failed, diverged; of those that are done: accuracy, rounds, usd, seconds",
  )
  .option("--tag <tag>", "runs with this tag: key=value, or a key or word (repeatable: all of them)", collect)
  .option("--data <name>", "runs on this data set")
  .action(async (options) => (await import("../actions/list.ts")).list(options));
