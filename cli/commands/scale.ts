import { engineCommand } from "../flags/command.ts";
import { positiveInteger } from "../flags/values.ts";

export const command = engineCommand("scale")
  .argument("<run>")
  .option("--workers <n>", "workers from then on", positiveInteger)
  .option("--participants <r>", "slots of a compressed round from then on (pp-marina)", positiveInteger)
  .option("--now", "make the next round a dense one, rather than wait for one")
  .action(async (run: string, options) => (await import("../actions/scale.ts")).scale(run, options));
