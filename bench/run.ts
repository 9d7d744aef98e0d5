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
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { aggregatorFigures } from "./aggregator.ts";
import { denseRoundFigures } from "./dense-round.ts";
import type { Figure } from "./figure.ts";
import { kernelFigures } from "./kernels.ts";
import { largeDimensionFigures } from "./large-dimension.ts";
import { printFigures } from "./print.ts";
import { roundFigures } from "./rounds.ts";
import { medianOf } from "./support.ts";

const figures: Figure[] = [];
const add = (name: string, ratio: number, detail: string, aim: string): void => {
  figures.push({ name, ratio, detail, aim });
  console.error(`${name}: ${ratio.toFixed(2)} (${detail})`);
};

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
  ...(await roundFigures()),
  ...figures,
  ...(await aggregatorFigures(1000, 6)),
  ...(await largeDimensionFigures(4)),
  ...denseRoundFigures(),
]);

function startup(args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`${args.join(" ")}: exit code ${status}`);
  return performance.now() - started;
}
