/**
 * The paper's setting beside the reference: rounds and megabits to |grad f|^2 <= 1e-3 |grad f(0)|^2 on mushrooms, n = 5,
 * theoretical step sizes, through the whole protocol on the embedded cloud.
 *
 *   npm run bench:reference -- [--seeds 5] [--only marina] [--all]
 *
 * `--all` adds the rows that take minutes (DIANA by its published step, VR-DIANA, K = 1 of DIANA).
 * Exit code 1 when a row misses its reference interval.
 */
import { Command } from "commander";
import { table } from "../client/text/table.ts";
import type { AlgorithmSpec } from "../shared/methods/registry.ts";
import type { RunResult } from "../shared/protocol/stored/result.ts";
import { accepts, median, type Reference, references } from "./reference-table.ts";
import { runEmbedded } from "./support.ts";

const options = new Command("bench:reference")
  .option("--seeds <n>", "seeds of each row", (text) => Number(text), 5)
  .option("--only <kind>", "rows of one method, e.g. marina")
  .option("--all", "also the rows that take minutes", false)
  .parse()
  .opts<{ seeds: number; only?: string; all: boolean }>();

const rows: string[][] = [];
let failures = 0;
for (const reference of references) {
  if (options.only !== undefined && reference.algorithm.kind !== options.only) continue;
  if (reference.slow && !options.all && options.only === undefined) continue;
  const started = performance.now();
  const results: RunResult[] = [];
  const seeds = reference.deterministic ? 1 : options.seeds;
  for (let seed = 1; seed <= seeds; seed++)
    results.push(await run(reference.algorithm, reference.evaluateEvery, seed));
  const rounds = median(results.map((result) => result.rounds));
  const megabits = median(results.map((result) => result.uplinkBitsPerWorker / 1e6));
  const good = accepts(reference, { rounds, megabits }, seeds);
  if (!good) failures++;
  rows.push([
    reference.label,
    String(seeds),
    String(rounds),
    text(reference.rounds),
    megabits.toFixed(4),
    text(reference.megabits),
    good ? "yes" : "NO",
    ((performance.now() - started) / 1000 / seeds).toFixed(1),
    ((performance.now() - started) / results.reduce((sum, result) => sum + result.rounds, 0)).toFixed(2),
  ]);
  console.error(
    `${reference.label}: ${rounds} rounds (reference ${text(reference.rounds)})${good ? "" : "  OUTSIDE"}`,
  );
}
console.log(
  table(
    [
      ["method", "left"],
      ["seeds", "right"],
      ["rounds", "right"],
      ["reference q1/median/q3", "left"],
      ["Mbit", "right"],
      ["reference q1/median/q3", "left"],
      ["within", "left"],
      ["s/run", "right"],
      ["ms/round", "right"],
    ],
    rows,
  ),
);
process.exitCode = failures === 0 ? 0 : 1;

function text([q1, q2, q3]: Reference["rounds"]): string {
  return q1 === q3 ? String(q2) : `${q1} / ${q2} / ${q3}`;
}

async function run(algorithm: AlgorithmSpec, evaluateEvery: number, seed: number): Promise<RunResult> {
  const { result } = await runEmbedded("mushrooms", {
    workers: 5,
    remainder: "drop",
    problem: { kind: "nonconvex-binary" },
    algorithm,
    seed,
    stop: { rounds: 4_000_000, relativeGradientNormSquared: 1e-3 },
    evaluateEvery,
  });
  return result;
}
