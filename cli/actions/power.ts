/** `marina power`: the cheapest, fastest and balanced memory and architecture of the worker's function for a spec. */
import {
  configurationOf,
  type EngineOptions,
  type PowerCurve,
  type PowerPoint,
  powerCurve,
  readSpec,
  table,
  withEngine,
} from "../../client/index.ts";
import type { ServiceConfiguration } from "../../embedded/index.ts";
import { answersOf, powerReport } from "../../report/index.ts";
import { dollars, MarinaError, short } from "../../shared/base/index.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { onOutput } from "../output/terminal.ts";
import { writeReport } from "./report.ts";

type Architecture = ServiceConfiguration["architecture"];

interface PowerOptions extends EngineOptions, PrintOptions {
  readonly memory: readonly number[];
  readonly architecture?: Architecture;
  readonly set?: readonly string[];
  readonly out?: string;
}

export async function power(path: string, options: PowerOptions): Promise<void> {
  if (options.on !== "embedded") {
    throw new MarinaError(
      "usage",
      "power: memory and architecture of a stack's functions are set when it is deployed, and no policy of ours lets anybody change them; leave --on out: the embedded cloud predicts them, then deploy with -c workerMemoryMb=... -c architecture=...",
    );
  }
  const spec = readSpec(path, options.set ?? []);
  const architectures: readonly Architecture[] =
    options.architecture === undefined ? ["arm64", "x86-64"] : [options.architecture];
  const curve = await withEngine(options, (engine) =>
    powerCurve(engine.live, spec, configurationOf(engine), { memoriesMb: options.memory, architectures }),
  );
  if (options.out !== undefined)
    await writeReport(
      powerReport(curve, `Memory and architecture for ${spec.name ?? spec.data}`),
      options.out,
    );
  const { out } = options;
  print(options, { ...curve, page: out ?? null }, () =>
    [textOf(curve), ...(out === undefined ? [] : ["", `curve: ${out}`])].join("\n"),
  );
}

function textOf(curve: PowerCurve): string {
  const rows = curve.points.map((point) => [
    point.memoryMb.toLocaleString("en-US"),
    point.architecture,
    point.usdPerRound === null ? "-" : dollars(1000 * point.usdPerRound),
    point.secondsPerRound === null ? "-" : short(1000 * point.secondsPerRound),
    point.usdPerRound === null
      ? `too little: a task needs about ${curve.neededMb} MB`
      : answersOf(curve, point),
  ]);
  const columns = [
    ["memory, MB", "right"],
    ["architecture", "left"],
    ["$/1000 rounds", "right"],
    ["ms a round", "right"],
    ["", "left"],
  ] as const;
  return `${table(columns, rows, onOutput())}\n\n${(["cheapest", "fastest", "balanced"] as const).map((name) => `${name.padEnd(8)}  ${flags(curve[name])}`).join("\n")}\n(predicted by trials of 60 rounds; balanced is the least dollars times seconds)`;
}

function flags({ memoryMb, architecture }: PowerPoint): string {
  return `-c workerMemoryMb=${memoryMb} -c architecture=${architecture.replace("-", "_")}`;
}
