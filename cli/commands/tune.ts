import { Option } from "../commander.ts";
import { engineCommand } from "../flags/command.ts";
import { jobs } from "../flags/jobs.ts";
import { yes } from "../flags/spending.ts";
import { collect, positiveNumber, seedList } from "../flags/values.ts";

export const command = engineCommand("tune")
  .argument("<spec>", "JSON file of a run with an accuracy to reach")
  .option("--parameter <field>", "field of the spec; stepSize is algorithm.stepSize", "stepSize")
  .addOption(
    new Option("--by <what>", "what is to be least")
      .choices(["bits", "rounds", "seconds", "usd", "accuracy"])
      .default("bits"),
  )
  .option("--seeds <list>", "comma-separated; medians over them count", seedList, [1])
  .option("--set <path=value>", "change a field of the spec (repeatable)", collect, [])
  .addOption(jobs())
  .option(
    "--max-usd <dollars>",
    "on a stack: start no run that is predicted to take the search beyond this; default: 1 on aws",
    positiveNumber,
  )
  .addOption(yes())
  .action(async (spec: string, options) => (await import("../actions/tune.ts")).tune(spec, options));
