/** How every command of `commands/` begins. */
import { Command, Option } from "../commander.ts";
import { ENGINES, engineNamed } from "./engine-name.ts";

/** A name with commands of its own. */
export function commandGroup(name: string) {
  return new Command(name).exitOverride().showSuggestionAfterError();
}

/** A command that looks at no engine. */
export function plainCommand(name: string) {
  return commandGroup(name).option(
    "--json",
    "JSON and nothing else on standard output: one object in one line, or a line for each thing that comes (docs/JSON.md)",
  );
}

/** A command with the flags that all have that look at an engine. */
export function engineCommand(name: string) {
  return plainCommand(name)
    .option("--home <folder>", "folder of the local state", process.env["MARINA_HOME"] ?? ".marina")
    .addOption(
      new Option("--on <engine>", "the embedded cloud, a local cloud (LocalStack or MiniStack), or AWS")
        .choices(ENGINES)
        .argParser(engineNamed)
        .default("embedded"),
    )
    .option("--stack <name>", "deployed stack (aws, localstack)", process.env["MARINA_STACK"] ?? "Marina")
    .option("--region <region>", "AWS region; default: as the AWS CLI finds it")
    .option("--endpoint-url <url>", "address of a local cloud; default: AWS_ENDPOINT_URL, or port 4566");
}
