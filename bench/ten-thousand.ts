/**
 * Ten thousand workers on a laptop: MARINA on a9a (its rows ten times over), with packing and without. Seconds of the
 * rounds by the clock and of CPU, seconds in all (import and calibration too), peak memory; each in a process of its own.
 * Usage: node bench/ten-thousand.ts [workers] [rounds]
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createRun } from "../client/launch.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { machine } from "./print.ts";
import { cpuMilliseconds } from "./support.ts";

const COPIES = 10;

interface Measured {
  readonly tasksPerRound: number;
  readonly roundSeconds: number;
  /** CPU time of the rounds. */
  readonly cpuSeconds: number;
  readonly totalSeconds: number;
  readonly peakMegabytes: number;
  /** Of the run, on the virtual clock, and its price. */
  readonly virtualSeconds: number;
  readonly usd: number;
  readonly digest: string;
}

const [workers = 10_000, rounds = 100] = process.argv
  .slice(2)
  .filter((word) => !word.startsWith("-"))
  .map(Number);
const own = process.argv.find((word) => word.startsWith("--pack="));
if (own !== undefined) console.log(JSON.stringify(await measure(own === "--pack=auto" ? "auto" : 1)));
else compare();

function compare(): void {
  console.log(`${machine()}; n = ${workers}, ${rounds} rounds`);
  console.log(
    "packing  tasks a round  rounds s  CPU s  all s  peak MB  CPU us a worker and round  virtual s  $",
  );
  for (const pack of ["auto", "1"]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), String(workers), String(rounds), `--pack=${pack}`],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`--pack=${pack}: exit code ${status}: ${stderr}`);
    const m = JSON.parse(stdout) as Measured;
    const each = (1e6 * m.cpuSeconds) / (rounds * workers);
    console.log(
      [
        pack.padEnd(7),
        m.tasksPerRound.toFixed(0).padStart(13),
        m.roundSeconds.toFixed(1).padStart(8),
        m.cpuSeconds.toFixed(1).padStart(5),
        m.totalSeconds.toFixed(1).padStart(5),
        m.peakMegabytes.toFixed(0).padStart(7),
        each.toFixed(1).padStart(25),
        m.virtualSeconds.toFixed(1).padStart(9),
        m.usd.toFixed(3),
        m.digest.slice(0, 12),
      ].join("  "),
    );
  }
}

async function measure(shardsPerTask: "auto" | 1): Promise<Measured> {
  const started = performance.now();
  let firstRound = started;
  let cpuFrom = 0;
  const service = createEmbeddedService({
    seed: 1,
    observer: {
      round(_run, { round }) {
        if (round !== 0) return;
        firstRound = performance.now();
        cpuFrom = cpuMilliseconds();
      },
    },
  });
  const { objects } = service.cloud.client;
  const text = gunzipSync(readFileSync(shippedFile("a9a")));
  const source = (async function* () {
    for (let copy = 0; copy < COPIES; copy++) yield text;
  })();
  await importLibsvm(source, { name: "a9a", sourceName: "a9a", labels: "binary", objects });
  const spec = parseRunSpec(
    {
      data: "a9a",
      workers,
      shardsPerTask,
      problem: { kind: "nonconvex-binary" },
      algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
      stop: { rounds },
      evaluateEvery: 0,
    },
    "ten-thousand",
  );
  const { control } = await createRun(objects, spec);
  const result = await driveToEnd(service, control);
  if (result.status !== "done") throw new Error(`the run ended as ${result.status}: ${result.error}`);
  const ended = performance.now();
  const { invocations } = service.cloud.live.worker;
  return {
    tasksPerRound: invocations / (rounds + 1),
    roundSeconds: (ended - firstRound) / 1000,
    cpuSeconds: (cpuMilliseconds() - cpuFrom) / 1000,
    totalSeconds: (ended - started) / 1000,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    virtualSeconds: result.seconds,
    usd: result.usd,
    digest: result.iterateSha256,
  };
}
