/** The two programs: start a local cloud, deploy the stack, say how to reach it, stay until told to stop. */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { MarinaError } from "../../shared/base/errors.ts";
import { DEFAULT_STACK_NAME, type Deployment, deploy } from "./deploy.ts";
import { childEnvironment, type Environment } from "./environment.ts";
import type { LocalCloud, StartOptions } from "./local-cloud.ts";

export interface Program<Extra> {
  /** Its file's name. */
  readonly program: string;
  /** What it puts where, for the help. */
  readonly about: string;
  readonly start: (options: StartOptions & Extra) => Promise<LocalCloud>;
  /** Options of this program only: switches. */
  readonly switches?: Readonly<Record<string, { readonly help: string; readonly option: Extra }>>;
}

/** Where LocalStack and its like listen unless told otherwise. */
const USUAL_PORT = 4566;

/** What the command line said. */
interface Request<Extra> {
  readonly options: StartOptions & Extra;
  readonly stackName: string;
  readonly context: Readonly<Record<string, string>>;
  readonly deploys: boolean;
  /** A command to run instead of waiting. */
  readonly command: readonly string[];
}

/** Runs the program; sets this process's exit code: 0, 1 when something failed, 2 for wrong usage, or the command's own. */
export async function runProgram<Extra extends object>(program: Program<Extra>): Promise<void> {
  try {
    const request = parse(program, process.argv.slice(2));
    if (request === "help") console.log(help(program));
    else process.exitCode = await serve(program, request);
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    console.error(`${program.program}: ${error.message}`);
    process.exitCode = error.code === "usage" ? 2 : 1;
  }
}

async function serve<Extra extends object>(
  program: Program<Extra>,
  request: Request<Extra>,
): Promise<number> {
  // From here on Ctrl-C ends things in order, whenever it comes.
  const interrupt = new AbortController();
  const interrupted = new Promise<void>((resolve) =>
    interrupt.signal.addEventListener("abort", () => resolve()),
  );
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupt.abort());
  const note = (line: string) => console.error(line);
  const cloud = await program.start({ ...request.options, note });
  try {
    note(
      `${cloud.name}: up after ${seconds(cloud.startMilliseconds)} at ${cloud.endpoint}, log ${cloud.logFile}`,
    );
    if (request.deploys) {
      const { stackName, context } = request;
      const deployment = await deploy(cloud, { stackName, context, interrupt: interrupt.signal });
      note(`stack ${deployment.stackName} deployed (${describeTimes(deployment)}):`);
      for (const [name, value] of Object.entries(deployment.outputs)) note(`  ${name} = ${value}`);
    }
    if (request.command.length > 0 && !interrupt.signal.aborted) {
      return await runWith(cloud.env, request.command, interrupt.signal);
    }
    note("\nTo use it, set in another shell:");
    for (const [name, value] of Object.entries(cloud.env)) console.log(`export ${name}=${value}`);
    note("\nCtrl-C stops it; what it holds is gone then.");
    await keepAlive(interrupted);
    return 0;
  } catch (error) {
    // What was interrupted fails, but that is no news.
    if (interrupt.signal.aborted) return 130;
    throw error;
  } finally {
    note(`stopping ${cloud.name} ...`);
    await cloud.stop();
    if (request.options.keep === true) note(`its folder stays: ${cloud.folder}`);
  }
}

/** A promise alone does not keep a process alive. */
async function keepAlive(until: Promise<void>): Promise<void> {
  const timer = setInterval(() => undefined, 60_000);
  await until;
  clearInterval(timer);
}

function runWith(
  variables: Environment,
  [program = "", ...args]: readonly string[],
  interrupt: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: childEnvironment(variables), stdio: "inherit" });
    interrupt.addEventListener("abort", () => child.kill("SIGTERM"));
    child.once("error", (cause) =>
      reject(new MarinaError("usage", `${program} can't be started: ${cause.message}`, { cause })),
    );
    child.once("exit", (code) => resolve(code ?? 130));
  });
}

/** How long the parts of a deployment took, for people. */
export function describeTimes({
  synthMilliseconds,
  bootstrapMilliseconds,
  deployMilliseconds,
}: Deployment): string {
  return `synth ${seconds(synthMilliseconds)}, bootstrap ${seconds(bootstrapMilliseconds)}, deploy ${seconds(deployMilliseconds)}`;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function parse<Extra extends object>(
  program: Program<Extra>,
  args: readonly string[],
): Request<Extra> | "help" {
  const { switches = {} } = program;
  const cut = args.indexOf("--");
  const own = cut < 0 ? args : args.slice(0, cut);
  const command = cut < 0 ? [] : args.slice(cut + 1);
  const parsed = (() => {
    try {
      return parseArgs({
        args: [...own],
        options: {
          port: { type: "string", default: String(USUAL_PORT) },
          stack: { type: "string", default: DEFAULT_STACK_NAME },
          context: { type: "string", short: "c", multiple: true, default: [] },
          "no-deploy": { type: "boolean", default: false },
          keep: { type: "boolean", default: false },
          help: { type: "boolean", short: "h", default: false },
          ...Object.fromEntries(
            Object.keys(switches).map((name) => [name, { type: "boolean" as const, default: false }]),
          ),
        },
      });
    } catch (error) {
      throw new MarinaError(
        "usage",
        `${error instanceof Error ? error.message : String(error)} (see --help)`,
        { cause: error },
      );
    }
  })();
  const values: Readonly<Record<string, unknown>> = parsed.values;
  if (values["help"] === true) return "help";
  const extra = Object.entries(switches)
    .filter(([name]) => values[name] === true)
    .map(([, { option }]) => option);
  const { port, keep } = parsed.values;
  return {
    options: Object.assign({ keep, port: portOf(port) }, ...extra),
    stackName: parsed.values.stack,
    context: Object.fromEntries(parsed.values.context.map(parameterOf)),
    deploys: !parsed.values["no-deploy"],
    command,
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new MarinaError("usage", `--port: expected a number of 0 .. 65535, got ${text}`);
}

function parameterOf(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new MarinaError("usage", `--context: expected name=value, got ${text}`);
}

function help({
  program,
  about,
  switches = {},
}: Pick<Program<unknown>, "program" | "about" | "switches">): string {
  const more = Object.entries(switches).map(([name, { help: text }]) => `  --${name.padEnd(20)}${text}`);
  return [
    `Usage: node infra-tests/local/${program} [options] [-- command ...]`,
    "",
    `Runs ${about}: starts it on the loopback interface, deploys, prints the variables that reach it`,
    "and stays until Ctrl-C. With a command: runs that with the variables set, stops, and ends with its exit code.",
    "",
    "Options:",
    `  --port <number>       default: ${USUAL_PORT}, where \`marina --on localstack\` looks; 0: any free one`,
    `  --stack <name>        name of the stack (default: ${DEFAULT_STACK_NAME})`,
    "  -c, --context <n=v>   a context parameter of the stack (repeatable)",
    "  --no-deploy           the empty cloud only",
    "  --keep                leave its folder with the logs when it stops",
    ...more,
    "  -h, --help",
  ].join("\n");
}
