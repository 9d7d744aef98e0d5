import { engineCommand } from "../flags/command.ts";
import { positiveInteger } from "../flags/values.ts";

export const command = engineCommand("show")
  .argument("<name>")
  .description("one data set: shape, labels, source, shards")
  .option("--workers <n>", "how it would be split among n workers", positiveInteger)
  .action(async (name: string, options) => (await import("../actions/data-show.ts")).show(name, options));
