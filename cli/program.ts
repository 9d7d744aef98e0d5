/** The `marina` command, put together from the list of all commands. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import manifest from "../package.json" with { type: "json" };
import { MARINA } from "../shared/base/index.ts";
import { Command, Help } from "./commander.ts";
import { COMMANDS, type ListedCommand, nameOf } from "./commands.ts";
import { commandGroup } from "./flags/command.ts";

const EXAMPLES = `
Examples:
  marina quickstart                                    MARINA against its rivals on mushrooms
  marina data import a9a.gz --name a9a                 import a LIBSVM file
  marina run spec.json --set workers=20 --json         one run; JSON and nothing else
  marina compare marina-mushrooms diana-mushrooms      results side by side

Here marina stands for: ${MARINA}
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C (go on with: marina resume RUN).`;

/** The program with the commands that the words of a call name; of all others it knows what its help says of them. */
export async function programFor(words: readonly string[]): Promise<CommandUnknownOpts> {
  // The program itself has no flag that takes a value: what does not begin with a dash is a command, or `help` and one.
  const named = new Set(words.filter((word) => !word.startsWith("-")).slice(0, 2));
  const all = COMMANDS.some((listed) => listed.tellsOfAll === true && named.has(nameOf(listed)));
  return programOf((listed) => all || named.has(nameOf(listed)));
}

/** The program with all its commands. */
export async function wholeProgram(): Promise<CommandUnknownOpts> {
  return programOf(() => true);
}

async function programOf(isLoaded: (listed: ListedCommand) => boolean): Promise<CommandUnknownOpts> {
  const program: CommandUnknownOpts = commandGroup("marina")
    .description(manifest.description)
    .version(manifest.version)
    .configureHelp({ subcommandTerm })
    .addHelpText("after", EXAMPLES);
  for (const listed of COMMANDS) {
    program.addCommand(isLoaded(listed) ? await loaded(listed) : new Command(nameOf(listed)));
    program.commands.at(-1)!.summary(listed.summary);
  }
  pointToOwnHelp(program, "marina");
  return program;
}

async function loaded({ load, summary }: ListedCommand): Promise<CommandUnknownOpts> {
  const { command } = await load();
  return command.description() === "" ? command.description(summary) : command;
}

/** The same for commands that are loaded and for those that are not. */
function subcommandTerm(command: CommandUnknownOpts): string {
  const listed = COMMANDS.find((one) => nameOf(one) === command.name());
  return listed?.usage ?? new Help().subcommandTerm(command);
}

/** A wrong call is told where its own options are explained. */
function pointToOwnHelp(of: CommandUnknownOpts, path: string): void {
  of.showHelpAfterError(`(see: ${path} --help)`);
  for (const child of of.commands) pointToOwnHelp(child, `${path} ${child.name()}`);
}
