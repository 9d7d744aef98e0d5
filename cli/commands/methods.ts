import { plainCommand } from "../flags/command.ts";

export const command = plainCommand("methods")
  .argument("[kind]", "one of them, e.g. marina")
  .option("--json", "all that is told of them as one JSON array")
  .action(async (kind: string | undefined, options) =>
    (await import("../actions/catalogue.ts")).showMethods(kind, options),
  );
