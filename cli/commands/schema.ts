import { Argument } from "../commander.ts";
import { plainCommand } from "../flags/command.ts";

export const command = plainCommand("schema")
  .addArgument(new Argument("[what]", "whose").choices(["run", "sweep"]).default("run"))
  .action(async (what: string, options) => {
    const schema =
      what === "sweep"
        ? (await import("../../sweep/index.ts")).sweepJsonSchema()
        : (await import("../../shared/protocol/index.ts")).runSpecJsonSchema();
    const { print } = await import("../output/print.ts");
    print(options, schema, () => JSON.stringify(schema, null, 2));
  });
