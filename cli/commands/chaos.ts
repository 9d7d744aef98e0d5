import { engineCommand } from "../flags/command.ts";
import { positiveInteger } from "../flags/values.ts";

export const command = engineCommand("chaos")
  .argument(
    "[spec]",
    "a spec whose data set is imported; default: short runs of MARINA, PP-MARINA, VR-MARINA and DIANA",
  )
  .option("--seeds <n>", "how many seeds", positiveInteger, 200)
  .option("--seed <s>", "the first seed", positiveInteger, 1)
  .option("--faults <file>", "JSON file of ratios by kind of fault; default: all kinds")
  .action(async (spec: string | undefined, options) =>
    (await import("../actions/chaos.ts")).chaos(spec, options),
  );
