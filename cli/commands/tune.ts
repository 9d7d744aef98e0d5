import { Option } from "../commander.ts";
import { engineCommand } from "../flags/command.ts";
import { jobs } from "../flags/jobs.ts";
import { latencies } from "../flags/latencies.ts";
import { yes } from "../flags/spending.ts";
import { collect, positiveInteger, positiveNumber, seed, seedList } from "../flags/values.ts";

export const command = engineCommand("tune")
  .argument("<spec>", "JSON file of a run with an accuracy to reach")
  .option(
    "--parameter <field[=values]>",
    "field of the spec: its powers of two are searched; with values, e.g. workers=5,10,20 (repeatable), every combination is; default: stepSize, which is algorithm.stepSize",
    collect,
    [],
  )
  .option("--random <n>", "of the combinations so many, drawn by --search-seed", positiveInteger)
  .option("--search-seed <s>", "key of the draw", seed, 1)
  .option(
    "--halving",
    "hopeless trials end early: all begin with few rounds, the best third goes on with three times as many",
  )
  .option("--max-trials <n>", "start no more runs than these, and tell the best so far", positiveInteger)
  .addOption(
    new Option("--by <what>", "what is to be least")
      .choices(["bits", "rounds", "seconds", "usd", "accuracy", "loss", "held-out-loss", "held-out-error"])
      .default("bits"),
  )
  .option("--seeds <list>", "comma-separated; medians over them count", seedList, [1])
  .option("--set <path=value>", "change a field of the spec (repeatable)", collect, [])
  .addOption(jobs())
  .option(
    "--max-usd <dollars>",
    "on a stack: start no run that is predicted to take the search beyond this; default: 1 on aws. On the embedded cloud: no trial counts once those before it would have cost this on AWS",
    positiveNumber,
  )
  .addOption(yes())
  .addOption(latencies())
  .action(async (spec: string, options) => (await import("../actions/tune.ts")).tune(spec, options));
