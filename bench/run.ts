/**
 * npm run bench: the figures that matter, each beside what it is measured against, in one run on one machine. Quote the
 * ratios; absolute times are this machine's.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { importLibsvm } from "../shared/data/import.ts";
import { loadShipped, type ShippedName, shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { aggregatorFigures } from "./aggregator.ts";
import { denseRoundFigures } from "./dense-round.ts";
import type { Figure } from "./figure.ts";
import { kernelFigures } from "./kernels.ts";
import { largeDimensionFigures } from "./large-dimension.ts";
import { printFigures } from "./print.ts";
import { medianOf, runEmbedded } from "./support.ts";

const problem = { kind: "nonconvex-binary" } as const;
const marina = { kind: "marina", compressor: { kind: "rand-k", k: 10 } } as const;

const figures: Figure[] = [];
const add = (name: string, ratio: number, detail: string, aim: string): void => {
  figures.push({ name, ratio, detail, aim });
  console.error(`${name}: ${ratio.toFixed(2)} (${detail})`);
};

for (const [data, limit] of [
  ["mushrooms", "at most 1.3, and 0.5 ms"],
  ["a9a", "at most 1.3 ms"],
] as const) {
  const kernels = await kernelMilliseconds(data);
  const round = await roundMilliseconds(data);
  add(
    `a round of MARINA on ${data}, n = 5, K = 10 / its gradient kernels`,
    round / kernels,
    `${round.toFixed(3)} ms, kernels ${kernels.toFixed(3)}`,
    limit,
  );
}

const thousand = await runEmbedded(
  "a9a",
  { workers: 1000, problem, algorithm: marina, stop: { rounds: 60 }, evaluateEvery: 0 },
  10,
);
const allRows = await kernelMilliseconds("a9a");
add(
  "a round of MARINA on a9a, n = 1,000, K = 10 / the kernels over all rows",
  thousand.millisecondsPerRound / allRows,
  `${thousand.millisecondsPerRound.toFixed(1)} ms, ${thousand.millisecondsPerRound.toFixed(0)} us a task`,
  "at most 50 ms",
);

const importSeconds =
  (await medianOf(5, async () => {
    const started = performance.now();
    const objects = memoryStore();
    await importLibsvm(createReadStream(shippedFile("a9a")), {
      name: "a9a",
      sourceName: "a9a.gz",
      labels: "binary",
      objects,
    });
    return performance.now() - started;
  })) / 1000;

const inflateSeconds =
  (await medianOf(5, () => {
    const started = performance.now();
    createHash("sha256")
      .update(gunzipSync(readFileSync(shippedFile("a9a"))))
      .digest();
    return performance.now() - started;
  })) / 1000;
add(
  "import of a9a.gz / inflating and hashing it",
  importSeconds / inflateSeconds,
  `${importSeconds.toFixed(3)} s, ${inflateSeconds.toFixed(3)}`,
  "under 1 s",
);

const main = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const bare = await medianOf(9, () => startup(["-e", "0"]));
const help = await medianOf(9, () => startup([main, "--help"]));
add(
  "marina --help / a bare node",
  help / bare,
  `${help.toFixed(0)} ms, bare ${bare.toFixed(0)}`,
  "under 150 ms",
);

printFigures([
  ...(await kernelFigures()),
  ...figures,
  ...(await aggregatorFigures(1000, 6)),
  ...(await largeDimensionFigures(4)),
  ...denseRoundFigures(),
]);

/** One full gradient at a new point on each of 5 shards: what a MARINA round with held gradients has to compute. */
async function kernelMilliseconds(name: ShippedName): Promise<number> {
  const data = await loadShipped(name, 5, "drop");
  const objectives = data.objectives(problem);
  const out = new Float64Array(data.dimension);
  const x = Float64Array.from({ length: data.dimension }, (_, j) => 0.01 * (((7 * j) % 11) - 5));
  return medianOf(15, () => {
    const repeats = 40;
    const started = performance.now();
    for (let i = 0; i < repeats; i++) for (const objective of objectives) objective.gradient(x, out);
    return (performance.now() - started) / repeats;
  });
}

async function roundMilliseconds(name: ShippedName): Promise<number> {
  return medianOf(3, async () => {
    const spec = { workers: 5, remainder: "drop", problem, algorithm: marina, evaluateEvery: 0 } as const;
    const { millisecondsPerRound } = await runEmbedded(name, { ...spec, stop: { rounds: 1500 } }, 500);
    return millisecondsPerRound;
  });
}

function startup(args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`${args.join(" ")}: exit code ${status}`);
  return performance.now() - started;
}
