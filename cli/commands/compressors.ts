import { plainCommand } from "../flags/command.ts";

export const command = plainCommand("compressors")
  .argument("[kind]", "one of them, e.g. rand-k")
  .option("--json", "all that is told of them as one JSON array")
  .action(async (kind: string | undefined, options) =>
    (await import("../actions/catalogue.ts")).showCompressors(kind, options),
  );
