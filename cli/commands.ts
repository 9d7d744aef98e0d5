/**
 * All commands, in the order of `marina --help`. A command is one file of `commands/`: its flags, the help of each, and what it
 * calls. Only the file of the command that is called is loaded: the list of all is printed from the lines here.
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

export interface ListedCommand {
  /** Name and arguments, as the command's own file declares them. */
  readonly usage: string;
  readonly summary: string;
  /** It tells of all the others: they are loaded with it. */
  readonly tellsOfAll?: true;
  readonly load: () => Promise<{ readonly command: CommandUnknownOpts }>;
}

export const COMMANDS: readonly ListedCommand[] = [
  {
    usage: "run <spec>",
    summary: "run a spec to its end",
    load: () => import("./commands/run.ts"),
  },
  {
    usage: "resume <run>",
    summary: "go on with a run that was stopped, cut off, or failed; follow one that is running to its end",
    load: () => import("./commands/resume.ts"),
  },
  {
    usage: "stop <run>",
    summary: "stop a run at its next round boundary; its checkpoint is kept",
    load: () => import("./commands/stop.ts"),
  },
  {
    usage: "scale <run>",
    summary:
      "change the number of workers (or of PP-MARINA's participants) of a run that is under way; workers change at its next dense round",
    load: () => import("./commands/scale.ts"),
  },
  {
    usage: "chaos [spec]",
    summary:
      "runs under seeded faults on the embedded cloud: every one must end with the bits it has without them",
    load: () => import("./commands/chaos.ts"),
  },
  {
    usage: "export <run> <file>",
    summary: "everything of a run that is not being driven, in one file: to go on with it elsewhere",
    load: () => import("./commands/export.ts"),
  },
  {
    usage: "import <file>",
    summary: "takes an exported run in; go on with it: marina resume RUN",
    load: () => import("./commands/import.ts"),
  },
  {
    usage: "logs <run>",
    summary: "what the deployed functions logged of a run",
    load: () => import("./commands/logs.ts"),
  },
  {
    usage: "doctor [spec]",
    summary: "check credentials, region, stack, limits and quotas",
    load: () => import("./commands/doctor.ts"),
  },
  {
    usage: "list",
    summary: "all runs",
    load: () => import("./commands/list.ts"),
  },
  {
    usage: "show <run>",
    summary: "one run: result, constants, where its files are",
    load: () => import("./commands/show.ts"),
  },
  {
    usage: "delete <runs...>",
    summary: "runs and everything of them, for good; asks first",
    load: () => import("./commands/delete.ts"),
  },
  {
    usage: "tag <runs...>",
    summary: "tags and notes of runs",
    load: () => import("./commands/tag.ts"),
  },
  {
    usage: "prices",
    summary: "the built-in prices of a region, as a file for marina cost --prices",
    load: () => import("./commands/prices.ts"),
  },
  {
    usage: "cost <runs...>",
    summary: "what runs have used, priced: by item or by round; or a run's counts beside the cloud's own",
    load: () => import("./commands/cost.ts"),
  },
  {
    usage: "sweep <sweep>",
    summary: "many runs: a base spec, what to vary, and seeds; goes on where it was interrupted",
    load: () => import("./commands/sweep.ts"),
  },
  {
    usage: "tune <spec>",
    summary: "search a parameter's powers of two, or values of several, for the best of a method",
    load: () => import("./commands/tune.ts"),
  },
  {
    usage: "measure",
    summary: "measure a stack's queues, objects, functions and processor, to predict with",
    load: () => import("./commands/measure.ts"),
  },
  {
    usage: "power <spec>",
    summary: "the cheapest, fastest and balanced memory and architecture of the worker function, by trials",
    load: () => import("./commands/power.ts"),
  },
  {
    usage: "compare <runs...>",
    summary: "results side by side",
    load: () => import("./commands/compare.ts"),
  },
  {
    usage: "diff <run> <other>",
    summary: "where two runs differ: specs, results, dollars",
    load: () => import("./commands/diff.ts"),
  },
  {
    usage: "parameters <run>",
    summary: "the parameters x of a run, with names and shapes, as a file",
    load: () => import("./commands/parameters.ts"),
  },
  {
    usage: "evaluate <run>",
    summary: "loss, gradient and accuracy of a run's parameters on a data set",
    load: () => import("./commands/evaluate.ts"),
  },
  {
    usage: "predict <run>",
    summary: "what a run's parameters say of each row of a data set, as CSV",
    load: () => import("./commands/predict.ts"),
  },
  {
    usage: "model",
    summary: "models of one's own",
    load: () => import("./commands/model.ts"),
  },
  {
    usage: "report [runs...]",
    summary: "curves, bill and latencies of runs, or a list of all, as one page that can be sent",
    load: () => import("./commands/report.ts"),
  },
  {
    usage: "watch <runs...>",
    summary:
      "charts of runs while they go on, in the browser (on this machine only), and a line in the terminal",
    load: () => import("./commands/watch.ts"),
  },
  {
    usage: "data",
    summary: "data sets",
    load: () => import("./commands/data.ts"),
  },
  {
    usage: "methods [kind]",
    summary: "all methods: equation, theorems and steps, what a worker keeps, compressors, problems",
    load: () => import("./commands/methods.ts"),
  },
  {
    usage: "compressors [kind]",
    summary: "all compressors: what they do, their constants, bits, and methods that take them",
    load: () => import("./commands/compressors.ts"),
  },
  {
    usage: "schema [what]",
    summary: "the JSON schema of a run's spec, or of a sweep, for editors",
    load: () => import("./commands/schema.ts"),
  },
  {
    usage: "completion <shell>",
    summary: "completion for bash, zsh or fish",
    tellsOfAll: true,
    load: () => import("./commands/completion.ts"),
  },
  {
    usage: "quickstart",
    summary: "MARINA against its rivals on mushrooms, to the same accuracy",
    load: () => import("./commands/quickstart.ts"),
  },
];

export function nameOf({ usage }: ListedCommand): string {
  return usage.split(" ", 1)[0]!;
}
