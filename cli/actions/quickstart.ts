/** `marina quickstart`: the shipped specs of `experiments/quickstart/`, one after the other, and a table. */
import { createReadStream, mkdirSync, readdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  checkBound,
  collectRun,
  createRun,
  DIGITS,
  datasetNames,
  type EngineOptions,
  heldTo,
  importDigits,
  isDeployed,
  readSpec,
  requireFit,
  withEngine,
} from "../../client/index.ts";
import { buildReport } from "../../report/index.ts";
import { dollars, MARINA, seconds, short } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { importLibsvm, type Manifest } from "../../shared/data/index.ts";
import { accuracyOf, type RunResult, type RunSpec, resultKey } from "../../shared/protocol/index.ts";
import { comparison, jsonLine, type Shown } from "../output/report.ts";
import { confirmRuns, driveRun, exitCodeOfResult } from "./drive.ts";
import { writeReport } from "./report.ts";

const EXPERIMENTS = fileURLToPath(new URL("../../experiments/", import.meta.url));
const DATA = "mushrooms";

export interface QuickstartOptions extends EngineOptions {
  readonly json?: boolean;
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

const PLACES = {
  embedded: "on the embedded cloud",
  localstack: "on a local cloud",
  aws: "on AWS",
} as const;

export async function quickstart(options: QuickstartOptions): Promise<void> {
  checkBound(options);
  await importShipped(options);
  const folder = `${EXPERIMENTS}quickstart/`;
  const shown: (Shown & { wallSeconds: number })[] = [];
  const paths = [...specsOf(folder), ...specsOf(`${folder}networks/`)];
  console.log(
    `MARINA and its rivals on ${DATA}: 5 workers, until |∇f(x)|² ≤ 0.001 |∇f(0)|², ${PLACES[options.on]}.`,
  );
  const specs = paths.map((path) => readSpec(path, []));
  await announce(specs, options);
  let predicts = true;
  let spentUsd = 0;
  for (const unbounded of specs) {
    if (options.maxUsd !== undefined && spentUsd >= options.maxUsd) {
      console.log(`--max-usd ${options.maxUsd} is spent: the others were not started`);
      process.exitCode = 1;
      break;
    }
    // An engine per run: every method begins with a cold cloud.
    const ended = await withEngine(options, async (engine) => {
      predicts = engine.predicts;
      // What the runs before have left of the bound.
      const spec = heldTo(unbounded, options.maxUsd === undefined ? undefined : options.maxUsd - spentUsd);
      const { control } = await createRun(engine.objects, spec);
      const { result, wallSeconds } = await driveRun(engine, spec, control);
      console.log(
        `${result.run}: ${result.rounds} rounds in ${wallSeconds.toFixed(1)} s -> ${engine.locate(resultKey(result.run))}`,
      );
      return { result, wallSeconds };
    });
    shown.push(ended);
    spentUsd += ended.result.usd;
    process.exitCode = exitCodeOfResult(ended.result);
    if (ended.result.status !== "done") break;
  }
  const [linear, networks] = [
    shown.filter(({ result }) => !isNetwork(result)),
    shown.filter(({ result }) => isNetwork(result)),
  ];
  console.log(`\n${comparison(linear)}`);
  for (const { result } of networks) console.log(`\n${networkText(result)}`);
  if (linear.length > 0) {
    const names = linear.map(({ result }) => result.run);
    console.log(`\nCurves, bills and latencies: ${await quickstartReport(names, options)}`);
  }
  console.log(
    `\nNext: ${MARINA} show ${shown.at(-1)?.result.run ?? "RUN"}, ${MARINA} run ${relative(".", `${folder}4-marina.json`)} --set seed=2, ${MARINA} --help`,
  );
  if (options.json === true) {
    console.log(
      `[${shown.map(({ result, wallSeconds }) => jsonLine(result, predicts, wallSeconds)).join(",")}]`,
    );
  }
}

function specsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => `${folder}${file}`);
}

const isNetwork = ({ spec }: RunResult): boolean => spec?.data === DIGITS.train;

/** What a network has come to, in a sentence. */
function networkText({ run, rounds, loss, heldOut, constants, usd, seconds: duration }: RunResult): string {
  const accuracy = heldOut === undefined ? null : accuracyOf(heldOut);
  const right =
    heldOut === undefined || accuracy === null
      ? ""
      : `, ${(100 * accuracy).toFixed(1)} % of ${heldOut.rows} test images right`;
  return `${run}: a network of d = ${constants.dimension.toLocaleString("en-US")} parameters on ${DIGITS.train} by MARINA, ${rounds} rounds: training loss ${loss === null ? "-" : short(loss)}${right}, ${seconds(duration)}, $${dollars(usd)}`;
}

/** What seconds and dollars are here; and on AWS, whether they are wanted. */
function announce(specs: readonly RunSpec[], options: QuickstartOptions): Promise<void> {
  return withEngine(options, async (engine) => {
    if (engine.predicts) {
      console.log("Seconds and dollars are its prediction for AWS Lambda, SQS and S3 (us-east-1).\n");
      return;
    }
    console.log(
      options.on === "aws"
        ? "Seconds and dollars are what they took and cost.\n"
        : "Seconds are what they took; dollars are what the same requests cost on AWS.\n",
    );
    if (!isDeployed(engine)) return;
    for (const spec of specs) await requireFit(engine, spec);
    if (options.on === "aws") await confirmRuns(engine, specs, options);
  });
}

/** Writes the page of these runs beside them and returns its path. */
function quickstartReport(names: readonly string[], options: EngineOptions): Promise<string> {
  return withEngine(options, async (engine) => {
    const runs = await Promise.all(names.map((run) => collectRun(engine.live, run)));
    const path = resolve(options.home, "quickstart-report.html");
    const title = `Quickstart: MARINA and its rivals on ${DATA}`;
    mkdirSync(options.home, { recursive: true });
    await writeReport(buildReport(runs, { title, predicts: engine.predicts }), path);
    return path;
  });
}

/** The data sets that are not there yet. */
async function importShipped(options: EngineOptions): Promise<void> {
  const sourceName = `${DATA}.gz`;
  const importers: readonly (readonly [string, (objects: ObjectStore) => Promise<Manifest>])[] = [
    [
      DATA,
      (objects) =>
        importLibsvm(createReadStream(`${EXPERIMENTS}data/${sourceName}`), {
          name: DATA,
          sourceName,
          labels: "binary",
          objects,
        }),
    ],
    ...(["train", "test"] as const).map(
      (part) =>
        [
          DIGITS[part],
          (objects: ObjectStore) => importDigits(objects, `${EXPERIMENTS}data/digits.csv.gz`, part),
        ] as const,
    ),
  ];
  await withEngine(options, async (engine) => {
    for (const [name, importInto] of importers) {
      await engine.exclusively("data set", name, async () => {
        if ((await datasetNames(engine.objects)).includes(name)) return;
        const { rows, featureCount } = await importInto(engine.objects);
        console.log(`Imported ${name}: ${rows} rows x ${featureCount}.`);
      });
    }
  });
}
