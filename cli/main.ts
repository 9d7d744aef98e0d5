/** The `marina` command: what there is to call. Each command's code is loaded only when it is called. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { EngineOptions } from "../client/index.ts";
import manifest from "../package.json" with { type: "json" };
import { MARINA } from "../shared/base/index.ts";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "./commander.ts";
import { endQuietlyOnBrokenPipe } from "./output/broken-pipe.ts";

const program = new Command("marina")
  .description(manifest.description)
  .version(manifest.version)
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    "after",
    `
Examples:
  marina quickstart                                    MARINA against its rivals on mushrooms
  marina data import a9a.gz --name a9a                 import a LIBSVM file
  marina run spec.json --set workers=20 --json         one run; one JSON object as the last line
  marina compare marina-mushrooms diana-mushrooms      results side by side

Here marina stands for: ${MARINA}
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C (go on with: marina resume RUN).`,
  );

/** A command with the flags that all have that look at an engine. */
function command(name: string, parent: CommandUnknownOpts = program) {
  const made = new Command(name).copyInheritedSettings(parent);
  parent.addCommand(made);
  return made
    .option("--home <folder>", "folder of the local state", process.env["MARINA_HOME"] ?? ".marina")
    .addOption(
      new Option("--on <engine>", "the embedded cloud, a local cloud (LocalStack or MiniStack), or AWS")
        .choices(ENGINES)
        .argParser(engineNamed)
        .default("embedded"),
    )
    .option("--stack <name>", "deployed stack (aws, localstack)", process.env["MARINA_STACK"] ?? "Marina")
    .option("--region <region>", "AWS region; default: as the AWS CLI finds it")
    .option("--endpoint-url <url>", "address of a local cloud; default: AWS_ENDPOINT_URL, or port 4566")
    .exitOverride();
}

const ENGINES = ["embedded", "localstack", "ministack", "aws"];

/** The two local clouds speak one language: what differs is where they listen. */
function engineNamed(name: string): EngineOptions["on"] {
  if (!ENGINES.includes(name)) throw new InvalidArgumentError(`Allowed choices are ${ENGINES.join(", ")}.`);
  return name === "ministack" ? "localstack" : (name as EngineOptions["on"]);
}

/** A wrong call is told where its own options are explained. */
function pointToOwnHelp(of: CommandUnknownOpts, path: string): void {
  of.showHelpAfterError(`(see: ${path} --help)`);
  for (const child of of.commands) pointToOwnHelp(child, `${path} ${child.name()}`);
}

/** Of all commands that start runs on AWS: they say what it will cost, and ask. */
function maxUsd() {
  return new Option(
    "--max-usd <dollars>",
    "on aws: start nothing that is predicted to cost more, and hold a new run to it (stop.usd)",
  ).argParser(positiveNumber);
}

function yes() {
  return new Option("--yes", "on aws: spend what is predicted without asking");
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("expected a positive number");
  return value;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a positive integer");
  return value;
}

function seed(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError("expected an integer of at least 0");
  return value;
}

function seedList(text: string): number[] {
  const seeds = text.split(",").map(Number);
  if (text.trim() === "" || !seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)) {
    throw new InvalidArgumentError("expected integers of at least 0, separated by commas");
  }
  return seeds;
}

command("run")
  .argument("<spec>", "JSON file of a run, or - for standard input (its schema: marina schema)")
  .description("run a spec to its end")
  .addOption(maxUsd())
  .addOption(yes())
  .option(
    "--set <path=value>",
    "change a field of the spec, e.g. algorithm.compressor.k=5 (repeatable)",
    collect,
    [],
  )
  .option("--json", "print one JSON object as the last line of standard output")
  .action(async (spec: string, options) => (await import("./commands/run.ts")).runSpec(spec, options));

command("resume")
  .argument("<run>")
  .description("go on with a run that was stopped, cut off, or failed; follow one that is running to its end")
  .addOption(maxUsd())
  .addOption(yes())
  .option("--json", "print one JSON object as the last line of standard output")
  .action(async (run: string, options) => (await import("./commands/run.ts")).resume(run, options));

command("stop")
  .argument("<run>")
  .description("stop a run at its next round boundary; its checkpoint is kept")
  .option("--now", "at once: what the present round has brought is dropped, and asked for again by resume")
  .action(async (run: string, options) => (await import("./commands/stop.ts")).stop(run, options));

command("scale")
  .argument("<run>")
  .description(
    "change the number of workers (or of PP-MARINA's participants) of a run that is under way; workers change at its next dense round",
  )
  .option("--workers <n>", "workers from then on", positiveInteger)
  .option("--participants <r>", "slots of a compressed round from then on (pp-marina)", positiveInteger)
  .option("--now", "make the next round a dense one, rather than wait for one")
  .action(async (run: string, options) => (await import("./commands/scale.ts")).scale(run, options));

command("chaos")
  .argument(
    "[spec]",
    "a spec whose data set is imported; default: short runs of MARINA, PP-MARINA, VR-MARINA and DIANA",
  )
  .description(
    "runs under seeded faults on the embedded cloud: every one must end with the bits it has without them",
  )
  .option("--seeds <n>", "how many seeds", positiveInteger, 200)
  .option("--seed <s>", "the first seed", positiveInteger, 1)
  .option("--faults <file>", "JSON file of ratios by kind of fault; default: all kinds")
  .option("--json", "print one JSON object as the last line of standard output")
  .action(async (spec: string | undefined, options) =>
    (await import("./commands/chaos.ts")).chaos(spec, options),
  );

command("export")
  .argument("<run>")
  .argument("<file>", "where to write; it must not exist yet")
  .option("--no-data", "leave the data set out: where the run goes on it must be imported already")
  .description("everything of a run that is not being driven, in one file: to go on with it elsewhere")
  .action(async (run: string, file: string, options) =>
    (await import("./commands/transfer.ts")).exportRun(run, file, options),
  );

command("import")
  .argument("<file>", "written by marina export")
  .description("takes an exported run in; go on with it: marina resume RUN")
  .action(async (file: string, options) => (await import("./commands/transfer.ts")).importRun(file, options));

command("logs")
  .argument("<run>")
  .description("what the deployed functions logged of a run")
  .action(async (run: string, options) => (await import("./commands/logs.ts")).logs(run, options));

command("doctor")
  .argument("[spec]", "also: is this spec fit for the stack, and what will it cost")
  .description("check credentials, region, stack, limits and quotas")
  .option(
    "--before-deploy",
    "without a stack: the account's concurrency on aws, and what to deploy with (asks for lambda:GetAccountSettings only)",
  )
  .action(async (spec: string | undefined, options) =>
    (await import("./commands/doctor.ts")).doctor(spec, options),
  );

command("list")
  .description("all runs")
  .option("--json", "as a JSON array")
  .action(async (options) => (await import("./commands/runs.ts")).list(options));

command("show")
  .argument("<run>")
  .description("one run: result, constants, where its files are")
  .option("--json", "the result as JSON")
  .option("--rounds", "every round, as CSV")
  .action(async (run: string, options) => (await import("./commands/runs.ts")).show(run, options));

program
  .command("prices")
  .description("the built-in prices of a region, as a file for marina cost --prices")
  .option("--region <name>", "AWS region; default: us-east-1")
  .action(async (options) => (await import("./commands/prices.ts")).prices(options));

command("cost")
  .argument("<runs...>")
  .description("what runs have used, priced: by item or by round; or a run's counts beside the cloud's own")
  .addOption(new Option("--by <what>", "lines of the bill").choices(["item", "round"]).default("item"))
  .option(
    "--reconcile",
    "the meter's counts beside CloudWatch's (aws) or beside the request log of a local cloud (localstack)",
  )
  .option("--csv", "as CSV")
  .option("--json", "as JSON")
  .option(
    "--prices <file>",
    "JSON file of prices, as marina prices prints it; default: built in, dated (its schema: docs/schema/prices.schema.json)",
  )
  .addOption(
    new Option("--architecture <name>", "price the seconds of this one").choices(["arm64", "x86-64"]),
  )
  .option("--free-tier", "take a month's free tier off")
  .option("--provisioned-pollers <n>", "pollers of the task queue in provisioned mode", positiveInteger)
  .action(async (runs: string[], options) => (await import("./commands/cost.ts")).cost(runs, options));

/** Of `sweep` and `tune`. */
const jobs = new Option(
  "--jobs <n>",
  "runs at one time; default: as many as there are cores, on a stack one",
).argParser(positiveInteger);

command("sweep")
  .argument("<sweep>", "JSON file of a sweep (its schema: docs/schema/sweep.schema.json)")
  .description("many runs: a base spec, what to vary, and seeds; goes on where it was interrupted")
  .addOption(jobs)
  .option(
    "--max-usd <dollars>",
    "on a stack: start no run that is predicted to take the whole sweep beyond this; default: 1 on aws",
    positiveNumber,
  )
  .addOption(yes())
  .option("--out <folder>", "where the results go; default: HOME/sweeps/NAME")
  .action(async (sweep: string, options) => (await import("./commands/sweep.ts")).sweep(sweep, options));

command("tune")
  .argument("<spec>", "JSON file of a run with an accuracy to reach")
  .description("search the powers of two of a parameter for the best of a method")
  .option("--parameter <field>", "field of the spec; stepSize is algorithm.stepSize", "stepSize")
  .addOption(
    new Option("--by <what>", "what is to be least")
      .choices(["bits", "rounds", "seconds", "usd", "accuracy"])
      .default("bits"),
  )
  .option("--seeds <list>", "comma-separated; medians over them count", seedList, [1])
  .option("--set <path=value>", "change a field of the spec (repeatable)", collect, [])
  .addOption(jobs)
  .option(
    "--max-usd <dollars>",
    "on a stack: start no run that is predicted to take the search beyond this; default: 1 on aws",
    positiveNumber,
  )
  .addOption(yes())
  .option("--json", "print one JSON object as the last line of standard output")
  .action(async (spec: string, options) => (await import("./commands/tune.ts")).tune(spec, options));

command("compare")
  .argument("<runs...>")
  .description("results side by side")
  .action(async (runs: string[], options) => (await import("./commands/runs.ts")).compare(runs, options));

command("report")
  .argument("<runs...>", "runs, or one sweep: its folder, or the results.json in it")
  .description("curves, bill and latencies as one page that can be sent")
  .option("--out <file>", "where to write the page", "report.html")
  .option("--title <text>", "heading of the page")
  .option("--png <folder>", "also each chart as a PNG")
  .option("--svg <folder>", "also each chart as an SVG")
  .option("--csv <folder>", "also all numbers as CSV: every run, every round, every item of the bill")
  .action(async (runs: string[], options) => (await import("./commands/report.ts")).report(runs, options));

command("watch")
  .argument("<runs...>")
  .description(
    "charts of runs while they go on, in the browser (on this machine only), and a line in the terminal",
  )
  .option("--terminal", "in the terminal only")
  .action(async (runs: string[], options) => (await import("./commands/watch.ts")).watch(runs, options));

const data = program.command("data").description("data sets").exitOverride();

command("import", data)
  .argument(
    "<files...>",
    "LIBSVM or CSV, plain, gzip or Zstandard, or - for standard input; or Parquet; several, or a folder of parts; or s3://BUCKET/KEY; or one IDX, .npy or .npz file",
  )
  .option("--name <name>", "name of the data set; default: the file's, without its endings")
  .addOption(
    new Option("--format <format>", "what the file is; default: as its bytes and name say").choices([
      "libsvm",
      "csv",
      "parquet",
      "idx",
      "npy",
    ]),
  )
  .option("--label-column <name>", "csv, parquet: the column of labels; others are features, in file order")
  .option("--drop <names>", "csv, parquet: columns to leave out, comma-separated (repeatable)", collect)
  .option("--columns <names>", "csv, parquet: the only columns that are features (repeatable)", collect)
  .addOption(
    new Option(
      "--missing <how>",
      "csv, parquet: rows with missing cells; mean fills features with their column's",
    ).choices(["refuse", "drop-rows", "mean"]),
  )
  .option("--header", "csv: the first line names the columns, though it may look like data")
  .option("--no-header", "csv: the first line is data; columns go by number, from 1")
  .option("--separator <character>", "csv: between cells, or tab; default: a comma")
  .option("--decimal-comma", "csv: numbers are written like 0,5")
  .option("--zero-based", "libsvm: indices count from 0")
  .addOption(
    new Option(
      "--labels <kind>",
      "two classes (any two values, the larger or later is +1), several, or real targets for regression; default: binary, of idx: classes",
    ).choices(["binary", "classes", "real"]),
  )
  .option(
    "--label-file <path>",
    "idx, npy: the file of labels; default: beside it by its usual name (train-labels-idx1-ubyte.gz, y_train.npy)",
  )
  .option("--array <name>", "npz: the array of rows; default: x, data, images or features")
  .option("--label-array <name>", "npz: the array of labels; default: y, labels or target")
  .option(
    "--shape <lengths>",
    "store all entries of a row, as images of this shape, e.g. 28,28,1; default: sparse, of arrays their own",
  )
  .option(
    "--divide <number>",
    "divide all values by it; default: of images of bytes 255, else 1",
    positiveNumber,
  )
  .option(
    "--dimension <d>",
    "number of features, when larger than the largest index in the file",
    positiveInteger,
  )
  .option(
    "--positive <label>",
    "the label that becomes +1, against all others, of which there may be several",
  )
  .option("--standardize", "every feature to mean 0 and deviation 1 (stores all cells)")
  .option("--scale", "every feature by its largest size, to at most 1 (keeps zeros)")
  .option("--intercept", "add a feature that is 1 in every row, the last one")
  .option("--shuffle <seed>", "mix the rows; the same seed gives the same order", seed)
  .addOption(new Option("--sort <by>", "rows in order of their labels").choices(["label"]))
  .option(
    "--partition <kind>",
    "dirichlet:ALPHA: clients that differ in their labels, the more the smaller ALPHA; with --clients and --shuffle",
  )
  .option("--clients <n>", "workers that --partition makes its shards for", positiveInteger)
  .option("--replace", "take the place of a data set of this name")
  .description("import a data set")
  .action(async (files: string[], options) =>
    (await import("./commands/data.ts")).importFiles(files, options),
  );

command("list", data)
  .description("all data sets")
  .action(async (options) => (await import("./commands/data.ts")).list(options));

command("show", data)
  .argument("<name>")
  .description("one data set: shape, labels, source, shards")
  .option("--workers <n>", "how it would be split among n workers", positiveInteger)
  .action(async (name: string, options) => (await import("./commands/data.ts")).show(name, options));

program
  .command("schema")
  .addArgument(new Argument("[what]", "whose").choices(["run", "sweep"]).default("run"))
  .description("the JSON schema of a run's spec, or of a sweep, for editors")
  .exitOverride()
  .action(async (what: string) => {
    const schema =
      what === "sweep"
        ? (await import("../sweep/index.ts")).sweepJsonSchema()
        : (await import("../shared/protocol/index.ts")).runSpecJsonSchema();
    process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  });

command("quickstart")
  .description("MARINA against its rivals on mushrooms, to the same accuracy")
  .addOption(maxUsd())
  .addOption(yes())
  .option("--json", "print one JSON array as the last line of standard output")
  .action(async (options) => (await import("./commands/quickstart.ts")).quickstart(options));

endQuietlyOnBrokenPipe();
pointToOwnHelp(program, "marina");
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const [{ describeError }, { exitCodeOf }] = await Promise.all([
      import("../shared/base/index.ts"),
      import("./exit-code.ts"),
    ]);
    console.error(describeError(error));
    process.exitCode = exitCodeOf(error);
  }
}
