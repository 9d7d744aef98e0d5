/** `marina measure`: what a stack's cloud takes, seen by its own functions, beside what is published. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import {
  configurationOf,
  confirmSpending,
  type DeployedEngine,
  type EngineOptions,
  fitLatencies,
  type LatencyFile,
  latencyFileText,
  measurementPrice,
  table,
  withStack,
} from "../../client/index.ts";
import { AWS_LATENCIES, AWS_RAMP, type LatencyProfile, type Quantiles } from "../../embedded/index.ts";
import { MarinaError, short } from "../../shared/base/index.ts";
import type { Measurement, MeasurementPlan } from "../../shared/protocol/index.ts";
import { writeFile } from "../output/new-file.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { onOutput } from "../output/terminal.ts";

const FIRST_BURST_TIMES = 8;

interface MeasureOptions extends EngineOptions, PrintOptions {
  readonly out?: string;
  readonly bursts: readonly number[];
  readonly yes?: boolean;
}

export async function measure(options: MeasureOptions): Promise<void> {
  if (options.on === "embedded")
    throw new MarinaError(
      "usage",
      "measure looks at a deployed stack: give --on aws or --on localstack (the embedded cloud is what is predicted with)",
    );
  const { out } = options;
  if (out !== undefined && existsSync(out))
    throw new MarinaError("usage", `--out ${out}: is there already; give another name`);
  await withStack(options, async (engine) => {
    const plan = planOf(options.bursts);
    await confirm(engine, plan, options);
    const run = `measure-${randomUUID().slice(0, 8)}`;
    const seen = await engine.measure({ version: 1, run, action: "measure", plan });
    const { latencies, asPublished } = await fitLatencies(seen, configurationOf(engine));
    const { stack, region, architecture, workerMemoryMb, aggregatorMemoryMb } = described(engine);
    const answers =
      seen.hops.answers.length + seen.bursts.reduce((sum, burst) => sum + burst.answers.length, 0);
    const file: LatencyFile = {
      version: 1,
      measured: {
        on: options.on === "aws" ? "aws" : "localstack",
        ...{ stack, region, architecture, workerMemoryMb, aggregatorMemoryMb, answers },
      },
      asPublished: [...asPublished],
      latencies,
    };
    if (out !== undefined) await writeFile(out, [latencyFileText(file)]);
    print(options, { ...file, contract: seen.contract, bursts: burstsOf(seen), file: out ?? null }, () =>
      textOf(file, seen, out),
    );
    if (seen.contract.some(({ held }) => !held)) process.exitCode = 1;
  });
}

function described({ stack }: DeployedEngine) {
  return { ...stack, stack: stack.name };
}

function planOf(bursts: readonly number[]): MeasurementPlan {
  const [first, ...more] = bursts;
  return {
    hops: 40,
    bursts: [...Array<number>(FIRST_BURST_TIMES).fill(first!), ...more],
    ramp: Math.min(100, Math.max(...bursts)),
    objects: 5,
    computes: 20,
  };
}

/** @throws MarinaError "usage" when it is refused, or too dear */
async function confirm(
  engine: DeployedEngine,
  plan: MeasurementPlan,
  options: MeasureOptions,
): Promise<void> {
  const price = await measurementPrice(configurationOf(engine), plan);
  if (options.on === "aws") await confirmSpending(price, options);
  else process.stderr.write(`on AWS this would cost ${price.text}; here it costs nothing\n`);
}

interface Burst {
  readonly asked: number;
  readonly answered: number;
  readonly lastMilliseconds: number | null;
}

function burstsOf({ bursts, ramp }: Measurement): Burst[] {
  return [...bursts, ...(ramp.asked > 0 ? [ramp] : [])].map(({ asked, answers }) => ({
    asked,
    answered: answers.length,
    lastMilliseconds:
      answers.length === 0
        ? null
        : Math.max(...answers.map(({ answeredMilliseconds }) => answeredMilliseconds)),
  }));
}

const TABLES = [
  ["dispatchStandard", "hop by the task queue, ms"],
  ["queueCall", "queue call, ms"],
  ["arrival", "until a long poll sees it, ms"],
  ["objectGet", "object, first byte of a GET, ms"],
  ["objectPut", "object, acknowledged PUT, ms"],
  ["coldStart", "cold start, ms"],
  ["straggler", "straggler, factor"],
] as const satisfies readonly (readonly [keyof LatencyProfile, string])[];

const FIGURES = [
  ["dispatchGapMilliseconds", "between starts of the mapping, ms"],
  ["computeFactor", "computing, factor on the model"],
  ["getBytesPerMillisecond", "GET, bytes a ms"],
  ["putBytesPerMillisecond", "PUT, bytes a ms"],
] as const satisfies readonly (readonly [keyof LatencyProfile, string])[];

/** Both side by side. */
function textOf({ latencies, asPublished }: LatencyFile, seen: Measurement, out: string | undefined): string {
  const cells = ({ p10, p50, p90, p99 }: Quantiles): string[] =>
    [p10, p50, p90, p99].map((each) => short(each));
  const rows = TABLES.map(([name, what]) => [
    what,
    ...(asPublished.includes(name) ? ["-", "-", "-", "-"] : cells(latencies[name])),
    ...cells(AWS_LATENCIES[name]),
  ]);
  const columns = [
    ["", "left"],
    ...(["p10", "p50", "p90", "p99"] as const).map((name) => [`${name} here`, "right"] as const),
    ...(["p10", "p50", "p90", "p99"] as const).map((name) => [`${name} table`, "right"] as const),
  ] as const;
  const figures = FIGURES.map(([name, what]) => [what, short(latencies[name]), short(AWS_LATENCIES[name])]);
  const { ramp } = latencies;
  const held = seen.contract.filter((check) => check.held).length;
  return [
    table(columns, rows, onOutput()),
    "",
    table(
      [
        ["", "left"],
        ["here", "right"],
        ["table", "right"],
      ],
      figures,
      onOutput(),
    ),
    "",
    `ramp       ${ramp === null ? `none seen with ${seen.ramp.asked} at one time` : `${ramp.atFirst} at first, then ${short(ramp.perMinute)} more a minute`} (published of AWS: ${AWS_RAMP.atFirst}, then ${AWS_RAMP.perMinute})`,
    ...burstsOf(seen).map(
      ({ asked, answered, lastMilliseconds }) =>
        `burst      ${answered} of ${asked} answered${lastMilliseconds === null ? "" : `, the last after ${short(lastMilliseconds)} ms`}`,
    ),
    `contract   ${held} of ${seen.contract.length} promises of the ports held`,
    ...seen.contract
      .filter((check) => !check.held)
      .map(({ what, seen: met }) => `  BROKEN: ${what} (seen: ${met})`),
    `not seen   ${asPublished.join(", ")}: as published`,
    ...(out === undefined ? [] : [`file       ${out}; predict with it: marina run SPEC --latencies ${out}`]),
  ].join("\n");
}
