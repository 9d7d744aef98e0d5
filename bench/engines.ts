/**
 * npm run bench:engines: the same runs on every engine of this machine: the digests of their final iterates must agree,
 * and how long a round takes on each. On the embedded cloud that is wall time; its prediction for AWS is apart.
 *
 *   npm run bench:engines -- [--only ministack] [--rounds 100]
 */

import { createReadStream } from "node:fs";
import { Command } from "commander";
import { openAwsEngine } from "../client/engines/aws.ts";
import { createRun } from "../client/launch.ts";
import { table } from "../client/text/table.ts";
import { deploy } from "../infra-tests/local/deploy.ts";
import type { LocalCloud } from "../infra-tests/local/local-cloud.ts";
import { start as startLocalStack } from "../infra-tests/local/localstack.ts";
import { start as startMiniStack } from "../infra-tests/local/ministack.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import type { RunResult } from "../shared/protocol/stored/result.ts";
import { runEmbedded } from "./support.ts";

const { only, rounds } = new Command("bench:engines")
  .option("--only <engine>", "ministack or localstack")
  .option("--rounds <n>", "rounds of each run", (text) => Number(text), 100)
  .parse()
  .opts<{ only?: string; rounds: number }>();

const compressor = { kind: "rand-k", k: 10 } as const;
const methods = {
  MARINA: { kind: "marina", compressor },
  "PP-MARINA, r = 2": { kind: "pp-marina", compressor, participants: 2 },
  DIANA: { kind: "diana", compressor },
} as const satisfies Record<string, RunSpecInput["algorithm"]>;

function specOf(method: keyof typeof methods): Omit<RunSpecInput, "data"> {
  return {
    workers: 5,
    remainder: "drop",
    problem: { kind: "nonconvex-binary" },
    algorithm: methods[method],
    stop: { rounds },
    evaluateEvery: 0,
  };
}

const names = Object.keys(methods) as (keyof typeof methods)[];
const rows: string[][] = [];
const expected = new Map<string, string>();
let agree = true;

function add(method: string, engine: string, result: RunResult, milliseconds: number): void {
  const first = expected.get(method);
  if (first === undefined) expected.set(method, result.iterateSha256);
  const same = first === undefined || first === result.iterateSha256;
  agree &&= same && result.status === "done";
  rows.push([
    method,
    engine,
    result.iterateSha256.slice(0, 16),
    same ? "yes" : "NO",
    milliseconds.toFixed(1),
  ]);
  console.error(
    `${method} on ${engine}: ${result.iterateSha256.slice(0, 16)} ${milliseconds.toFixed(1)} ms a round`,
  );
}

for (const method of names) {
  const { result, millisecondsPerRound } = await runEmbedded("mushrooms", specOf(method), 20);
  add(method, "embedded", result, millisecondsPerRound);
}

const starters = { ministack: startMiniStack, localstack: startLocalStack } as const;
for (const [name, start] of Object.entries(starters)) {
  if (only !== undefined && only !== name) continue;
  const cloud: LocalCloud = await start({});
  try {
    await measure(name, cloud);
  } finally {
    await cloud.stop();
  }
}
console.log(
  table(
    [
      ["method", "left"],
      ["engine", "left"],
      ["SHA-256 of x^T", "left"],
      ["same", "left"],
      ["ms a round", "right"],
    ],
    rows.sort(([a], [b]) => names.indexOf(a as never) - names.indexOf(b as never)),
  ),
);
process.exitCode = agree ? 0 : 1;

async function measure(name: string, cloud: LocalCloud): Promise<void> {
  const { stackName } = await deploy(cloud);
  Object.assign(process.env, cloud.env);
  const engine = await openAwsEngine(stackName);
  const { objects } = engine;
  const source = createReadStream(shippedFile("mushrooms"));
  await importLibsvm(source, { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary", objects });
  for (const method of names) {
    const { control } = await createRun(
      objects,
      parseRunSpec({ ...specOf(method), data: "mushrooms" }, "bench"),
    );
    const result = await engine.drive(control, { calibration: () => undefined, round: () => undefined });
    // By the aggregator's own clock, the first round's cold starts included.
    add(method, name, result, (1000 * result.seconds) / Math.max(1, result.rounds));
  }
}
