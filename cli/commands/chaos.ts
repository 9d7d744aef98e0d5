import { engineCommand } from "../flags/command.ts";
import { positiveInteger, positiveNumber } from "../flags/values.ts";

export const command = engineCommand("chaos")
  .argument("[spec]", "a spec whose data set is imported; default: short runs of all methods")
  .option("--seeds <n>", "how many seeds; default: 200, or as many as fit into --minutes", positiveInteger)
  .option("--minutes <m>", "no new seeds after so long", positiveNumber)
  .option("--seed <s>", "the first seed", positiveInteger, 1)
  .option("--threads <n>", "seeds at one time; default: one for each core", positiveInteger)
  .option("--record <file>", "keeps which seeds are done and what came of them: the same command goes on")
  .option("--faults <file>", "JSON file of ratios by kind of fault; default: all kinds")
  .action(async (spec: string | undefined, options) =>
    (await import("../actions/chaos.ts")).chaos(spec, options),
  );
