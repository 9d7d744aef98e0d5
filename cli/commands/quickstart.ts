/** `marina quickstart`: the shipped specs of `experiments/quickstart/`, one after the other, and a table. */
import { createReadStream, mkdirSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  collectRun,
  createRun,
  datasetNames,
  type Engine,
  type EngineOptions,
  openEngine,
  readSpec,
} from "../../client/index.ts";
import { buildReport } from "../../report/index.ts";
import { importLibsvm } from "../../shared/data/index.ts";
import { resultKey } from "../../shared/protocol/index.ts";
import { comparison, jsonLine, type Shown } from "../output/report.ts";
import { writeReport } from "./report.ts";
import { driveRun, exitCodeOfResult } from "./run.ts";

const EXPERIMENTS = fileURLToPath(new URL("../../experiments/", import.meta.url));
const DATA = "mushrooms";

export async function quickstart(options: EngineOptions & { readonly json?: boolean }): Promise<void> {
  await importShipped(options);
  const folder = `${EXPERIMENTS}quickstart/`;
  const shown: (Shown & { wallSeconds: number })[] = [];
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort();
  console.log(
    `MARINA and its rivals on ${DATA}: 5 workers, until |∇f(x)|² ≤ 0.001 |∇f(0)|², on the embedded cloud.`,
  );
  console.log("Seconds and dollars are its prediction for AWS Lambda, SQS and S3 (us-east-1).\n");
  let predicts = true;
  for (const file of files) {
    // An engine per run: every method begins with a cold cloud.
    const engine = await openEngine(options);
    predicts = engine.predicts;
    try {
      const spec = readSpec(`${folder}${file}`, []);
      const { control } = await createRun(engine.objects, spec);
      const { result, wallSeconds } = await driveRun(engine, spec, control);
      shown.push({ result, wallSeconds });
      console.log(
        `${result.run}: ${result.rounds} rounds in ${wallSeconds.toFixed(1)} s -> ${engine.locate(resultKey(result.run))}`,
      );
      process.exitCode = exitCodeOfResult(result);
      if (result.status !== "done") break;
    } finally {
      await engine.close();
    }
  }
  console.log(`\n${comparison(shown)}`);
  if (shown.length > 0) {
    const names = shown.map(({ result }) => result.run);
    console.log(`\nCurves, bills and latencies: ${await quickstartReport(names, options)}`);
  }
  console.log(
    `\nNext: npx marina show ${shown.at(-1)?.result.run ?? "RUN"}, npx marina run experiments/quickstart/4-marina.json --set seed=2, npx marina --help`,
  );
  if (options.json === true) {
    console.log(
      `[${shown.map(({ result, wallSeconds }) => jsonLine(result, predicts, wallSeconds)).join(",")}]`,
    );
  }
}

/** Writes the page of these runs beside them and returns its path. */
async function quickstartReport(names: readonly string[], options: EngineOptions): Promise<string> {
  const engine = await openEngine(options);
  try {
    const runs = await Promise.all(names.map((run) => collectRun(engine.objects, run)));
    const path = resolve(options.home, "quickstart-report.html");
    const title = `Quickstart: MARINA and its rivals on ${DATA}`;
    mkdirSync(options.home, { recursive: true });
    writeReport(buildReport(runs, { title, predicts: engine.predicts }), path);
    return path;
  } finally {
    await engine.close();
  }
}

async function importShipped(options: EngineOptions): Promise<void> {
  const engine: Engine = await openEngine(options);
  try {
    if ((await datasetNames(engine.objects)).includes(DATA)) return;
    const sourceName = `${DATA}.gz`;
    const source = createReadStream(`${EXPERIMENTS}data/${sourceName}`);
    const manifest = await importLibsvm(source, {
      name: DATA,
      sourceName,
      labels: "binary",
      objects: engine.objects,
    });
    console.log(`Imported ${DATA}: ${manifest.rows} rows x ${manifest.dimension}.`);
  } finally {
    await engine.close();
  }
}
