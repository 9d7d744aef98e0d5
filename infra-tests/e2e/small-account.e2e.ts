/**
 * A deployment for an account that may run ten functions concurrently, and a run whose rounds take many turns of them: it ends
 * well, at the price that was told beforehand. With MARINA_LONG=1 a hundred workers whose tasks take 5 s each: some ten minutes.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { importDigits } from "../../client/import/digits.ts";
import { taskSeconds } from "../../client/task-seconds.ts";
import { cpuShare } from "../../embedded/index.ts";
import { dataForm } from "../../shared/data/data-form.ts";
import { parseManifest } from "../../shared/data/manifest.ts";
import { openProblem } from "../../shared/problems/registry.ts";
import { manifestKey } from "../../shared/protocol/keys.ts";
import { NETWORK_FLOP_PER_SECOND } from "../../shared/protocol/limits.ts";
import { parseRunSpec, type RunSpec } from "../../shared/protocol/spec/spec.ts";
import { marina } from "../../tests/fixtures/cli.ts";
import { deploy } from "../local/deploy.ts";
import { scratchFolder } from "./testing/command.ts";
import { setVariables } from "./testing/functions.ts";
import { Service } from "./testing/service.ts";

const long = process.env["MARINA_LONG"] === "1";
const WORKERS = long ? 100 : 20;
const TASK_SECONDS = long ? 5 : 1;
/** The least that Lambda gives, 7 % of a vCPU; twice that where the network is deeper. */
const MEMORY_MB = long ? 256 : 128;
/** What the stack leaves to workers of an account's ten functions. */
const AT_ONCE = 8;
const ROUNDS = 3;
const STACK = "SmallAccount";
const DATA = "digits-small-account";

const cloud = inject("cloud");
const folder = scratchFolder();
let small: Service;

beforeAll(async () => {
  const { AWS_REGION: region = "us-east-1" } = cloud.env;
  const { outputs } = await deploy(
    { name: cloud.kind, env: cloud.env, region, folder },
    {
      stackName: STACK,
      // Local clouds run the functions on this machine's processor, and runs are billed as what they ran on.
      context: {
        accountConcurrency: "10",
        workerMemoryMb: String(MEMORY_MB),
        architecture: hostArchitecture(),
      },
    },
  );
  small = new Service({ ...cloud, outputs });
  const digits = join(import.meta.dirname, "../../experiments/data/digits.csv.gz");
  await importDigits(small.ports.objects, digits, "train", { name: DATA });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hostArchitecture(): string {
  return process.arch === "arm64" ? "arm64" : "x86_64";
}

/** A network deep enough for a task of so many seconds, as predictions have it. */
async function slowRun(): Promise<{ readonly spec: RunSpec; readonly seconds: number }> {
  const key = manifestKey(DATA);
  const manifest = parseManifest((await small.ports.objects.get(key)).body, key);
  for (let filters = 8; ; filters += 8) {
    const hidden = [{ conv2d: { filters, kernel: [3, 3], padding: "same" } }, { activation: "relu" }];
    const spec = parseRunSpec(
      {
        ...{ name: "turns", data: DATA, workers: WORKERS, remainder: "drop" },
        problem: {
          kind: "network",
          layers: [...hidden, ...hidden, { globalAveragePool: true }, { dense: 10 }],
          loss: "softmax-cross-entropy",
        },
        algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 1000 }, stepSize: 0.01 },
        ...{ stop: { rounds: ROUNDS }, evaluateEvery: 0 },
      },
      "turns",
    );
    const problem = openProblem(spec.problem, dataForm(manifest));
    const { computing } = taskSeconds(spec, manifest, problem, MEMORY_MB);
    if (computing >= TASK_SECONDS) return { spec, seconds: computing };
  }
}

/**
 * Local clouds give a function all of the processor, whatever its memory. So a network's products wait until a processor of the
 * model's rate, or of the share of it that so much memory has, would have them.
 */
function slowProcessor(): string {
  const file = join(folder, "slow-processor.mjs");
  const flopPerMillisecond = (NETWORK_FLOP_PER_SECOND * cpuShare(MEMORY_MB)) / 1000;
  writeFileSync(
    file,
    `const Instance = WebAssembly.Instance;
const nothing = new Int32Array(new SharedArrayBuffer(4));
let busyUntil = 0;
const slow = (product) => (...args) => {
  const [m, k, n] = args.slice(-3);
  busyUntil = Math.max(busyUntil, performance.now()) + (2 * m * k * n) / ${flopPerMillisecond};
  product(...args);
  const ahead = busyUntil - performance.now();
  if (ahead > 20) Atomics.wait(nothing, 0, 0, ahead);
};
WebAssembly.Instance = function (...args) {
  const own = Object.entries(new Instance(...args).exports);
  return { exports: Object.fromEntries(own.map(([name, it]) => [name, /product/i.test(name) ? slow(it) : it])) };
};
`,
  );
  return pathToFileURL(file).href;
}

test(
  `a round of ${WORKERS} tasks of ${TASK_SECONDS} s, ${AT_ONCE} at once, takes its turns and costs what was told`,
  async () => {
    const { spec, seconds } = await slowRun();
    await setVariables(small.output("WorkerFunctionName"), { NODE_OPTIONS: `--import ${slowProcessor()}` });
    const file = join(folder, "turns.json");
    writeFileSync(file, JSON.stringify(spec));
    const on = ["--on", "localstack", "--stack", STACK];
    const looked = await marina(["doctor", file, ...on], { cwd: folder });
    console.log(looked.stdout);
    expect(looked).toMatchObject({ code: 0 });
    const turns = Math.ceil(WORKERS / AT_ONCE);
    expect(looked.stdout).toContain(
      `${AT_ONCE} workers at once, so a round's ${WORKERS} tasks take ${turns} turns`,
    );
    const told = Number(/at most \$([\d.e-]+) and/.exec(looked.stdout)?.[1]);
    const run = await small.launch(spec);
    const result = await small.ended(run, 10 * ROUNDS * turns * seconds);
    console.log(
      `told $${told}, took $${result.usd} and ${result.seconds} s, ${result.resentTasks} tasks sent again`,
    );
    expect(result).toMatchObject({ status: "done", error: null, rounds: ROUNDS });
    // The first round is at one point, and so is a task whose environment still holds the older gradient.
    expect(result.seconds).toBeGreaterThan(0.4 * ROUNDS * turns * seconds);
    // The short form is over too soon to say more, and the machine may do other things as well.
    const within = long ? 1.3 : 2;
    expect(result.usd / told).toBeGreaterThan(1 / within);
    expect(result.usd / told).toBeLessThan(within);
  },
  20 * 60_000,
);
