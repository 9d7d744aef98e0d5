/**
 * How fast is a network's gradient, against numpy on one thread? The MLP 784-128-10 over 6,000 rows, 2.5 GFLOP.
 * Usage: node bench/network.ts [--python PYTHON] [--install]
 *
 * PYTHON: an interpreter that has numpy (with --install: that gets it into a temporary virtual environment, through pip);
 * without either only our own figures are printed. Both compute in blocks of 64 rows, and must agree in the loss and in
 * |gradient|^2. CPU time, of the best of several turns.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import {
  Network,
  networkObjective,
  networkProgram,
  type Precision,
  plainRows,
  WasmKernels,
  workOf,
} from "../shared/problems/network/index.ts";
import type { Figure } from "./figure.ts";
import { printFigures } from "./print.ts";

const ROWS = 6000;
const TURNS = 15;
/** Of loss and |gradient|^2: what rounding alone explains. */
const AGREEMENT = { float64: 1e-12, float32: 2e-5 } as const;

const options = new Command("bench:network")
  .option("--python <path>", "an interpreter that has numpy")
  .option("--install", "get numpy into a temporary virtual environment of that interpreter, or of python3")
  .option("--save", "make the ratios the baseline")
  .parse()
  .opts<{ python?: string; install?: true }>();

interface Answer {
  readonly milliseconds: number;
  readonly loss: number;
  readonly normSquared: number;
}

interface Side {
  answer(precision: Precision): Promise<Answer>;
}

const folder = mkdtempSync(join(tmpdir(), "marina-network-"));
try {
  const python = options.install === true ? installed(options.python ?? "python3") : options.python;
  await using theirs = python === undefined ? undefined : await numpy(python);
  const mine = ours();
  const figures: Figure[] = [];
  for (const precision of ["float64", "float32"] as const) {
    let [best, bestOfTheirs] = [Infinity, Infinity];
    for (let turn = 0; turn < TURNS; turn++) {
      const answer = await mine.answer(precision);
      best = Math.min(best, answer.milliseconds);
      if (theirs === undefined) continue;
      const other = await theirs.answer(precision);
      agree(answer, other, precision);
      bestOfTheirs = Math.min(bestOfTheirs, other.milliseconds);
    }
    const rate = `${(mine.gigaflop / (best / 1000)).toFixed(1)} GFLOP/s`;
    if (theirs === undefined) console.log(`${precision}: ${best.toFixed(1)} ms, ${rate}`);
    else {
      figures.push({
        name: `gradient of an MLP 784-128-10 in ${precision} / numpy`,
        ratio: best / bestOfTheirs,
        detail: `${best.toFixed(1)} ms (${rate}), numpy ${bestOfTheirs.toFixed(1)}`,
        aim: "at most 2",
      });
    }
  }
  if (figures.length > 0) printFigures(figures);
} finally {
  rmSync(folder, { recursive: true });
}

function ours(): Side & { readonly gigaflop: number } {
  const program = networkProgram(
    { layers: [{ dense: 128 }, { activation: "tanh" }, { dense: 10 }], loss: "softmax-cross-entropy" },
    { shape: [784], label: { kind: "classes", count: 10 } },
  );
  const { dimension, gradientFlop } = workOf(program, "float64");
  const values = Float64Array.from({ length: ROWS * 784 }, (_, i) => Math.abs(Math.sin(i * 1.37)));
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => row % 10);
  const weights = { rowWeight: 1 / ROWS, regularizerWeight: 1 };
  const over = (precision: Precision, rows: Float64Array | Float32Array) =>
    networkObjective(
      new Network(program, new WasmKernels(precision)),
      plainRows([784], rows, labels),
      weights,
    );
  const objectives = {
    float64: over("float64", values),
    float32: over("float32", Float32Array.from(values)),
  };
  const x = Float64Array.from({ length: dimension }, (_, j) => 0.05 * Math.sin((j + 1) ** 2));
  const g = new Float64Array(dimension);
  return {
    gigaflop: (ROWS * gradientFlop) / 1e9,
    async answer(precision) {
      const before = process.cpuUsage();
      const loss = objectives[precision].gradient(x, g);
      const { user, system } = process.cpuUsage(before);
      return {
        milliseconds: (user + system) / 1000,
        loss,
        normSquared: g.reduce((sum, v) => sum + v * v, 0),
      };
    },
  };
}

/** A numpy process on one thread, asked line by line. */
async function numpy(python: string): Promise<Side & AsyncDisposable> {
  const script = fileURLToPath(new URL("network.py", import.meta.url));
  const env = { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const child = spawn(python, [script, String(ROWS)], { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${python} ${script}: ended; does it have numpy? (--install gets it)`);
    return value;
  };
  await line();
  return {
    async answer(precision) {
      child.stdin.write(`${precision}\n`);
      const [milliseconds, loss, normSquared] = (await line()).split(" ").map(Number);
      return { milliseconds: milliseconds!, loss: loss!, normSquared: normSquared! };
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
    },
  };
}

function agree(a: Answer, b: Answer, precision: Precision): void {
  for (const what of ["loss", "normSquared"] as const) {
    if (!(Math.abs(a[what] / b[what] - 1) <= AGREEMENT[precision])) {
      throw new Error(`network.py, ${precision}, ${what}: expected ${a[what]}, got ${b[what]}`);
    }
  }
}

/** An interpreter with numpy, in a folder that goes away again. */
function installed(python: string): string {
  const environment = join(folder, "python");
  for (const [command, ...args] of [
    [python, "-m", "venv", environment],
    [join(environment, "bin", "python"), "-m", "pip", "install", "--quiet", "numpy"],
  ] as const) {
    const { error, status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (error !== undefined || status !== 0) {
      throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
    }
  }
  return join(environment, "bin", "python");
}
