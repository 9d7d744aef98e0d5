/**
 * How fast is a network's gradient, against numpy on one thread and against jax-js? The MLP 784-128-10 over 6,000 rows, 2.5 GFLOP.
 * Usage: node bench/network.ts [--python PYTHON] [--jax MODULE] [--install]
 *
 * PYTHON: an interpreter that has numpy; MODULE: the file that is jax-js (dist/index.js). With --install both are got into a
 * temporary folder, through pip and npm; without any only our own figures are printed. All compute in blocks of 64 rows, and must
 * agree in the loss and in |gradient|^2. Once over rows without a zero and once over images, of whose pixels a fifth is not zero.
 * CPU time, of the best of several turns; and the median of the ratios turn by turn, which one lucky turn of a side on a busy
 * machine does not move.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { quantile } from "../shared/math/index.ts";
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
import { kernelTable } from "./network-kernels.ts";
import { ENTRIES, valueAt } from "./network-rows.ts";
import { printFigures } from "./print.ts";

const ROWS = 6000;
const TURNS = 15;
const JAX = "@jax-js/jax@0.1.25";
/** Of loss and |gradient|^2: what rounding alone explains. jax-js has functions of float32's accuracy in float64, too. */
const AGREEMENT = {
  numpy: { float64: 1e-12, float32: 2e-5 },
  "jax-js": { float64: 2e-5, float32: 2e-5 },
} as const;
const AIMS = { numpy: "at most 2", "jax-js": "at most 0.33" } as const;
type Rival = keyof typeof AIMS;

const options = new Command("bench:network")
  .option("--python <path>", "an interpreter that has numpy")
  .option("--jax <path>", "jax-js: the file dist/index.js of its package")
  .option("--install", "get numpy and jax-js into a temporary folder (that interpreter's, or python3's)")
  .option("--save", "make the ratios the baseline")
  .parse()
  .opts<{ python?: string; jax?: string; install?: true }>();

interface Answer {
  readonly milliseconds: number;
  readonly loss: number;
  readonly normSquared: number;
}

interface Side {
  answer(what: Asked): Promise<Answer>;
}

/** The rows and the precision, as rivals are asked. */
const ASKED = ["float64", "float32", "float64 images", "float32 images"] as const;
type Asked = (typeof ASKED)[number];

function precisionOf(asked: Asked): Precision {
  return asked.startsWith("float64") ? "float64" : "float32";
}

const folder = mkdtempSync(join(tmpdir(), "marina-network-"));
try {
  const python = options.install === true ? installed(options.python ?? "python3") : options.python;
  const jax = options.install === true ? installedJax() : options.jax;
  await using stack = new AsyncDisposableStack();
  const rivals = new Map<Rival, Side>();
  if (python !== undefined) rivals.set("numpy", stack.use(await rival(python, "network.py", [String(ROWS)])));
  if (jax !== undefined)
    rivals.set("jax-js", stack.use(await rival(process.execPath, "network-jax.js", [jax, String(ROWS)])));
  const mine = ours();
  const figures: Figure[] = [];
  for (const asked of ASKED) {
    let best = Infinity;
    const theirs = new Map<Rival, number>();
    const ratios = new Map<Rival, number[]>([...rivals.keys()].map((name) => [name, []]));
    for (let turn = 0; turn < TURNS; turn++) {
      const answer = await mine.answer(asked);
      best = Math.min(best, answer.milliseconds);
      for (const [name, side] of rivals) {
        const other = await side.answer(asked);
        agree(answer, other, precisionOf(asked), name);
        theirs.set(name, Math.min(theirs.get(name) ?? Infinity, other.milliseconds));
        ratios.get(name)!.push(answer.milliseconds / other.milliseconds);
      }
    }
    const rate = `${(mine.gigaflop / (best / 1000)).toFixed(1)} GFLOP/s`;
    if (rivals.size === 0) console.log(`${asked}: ${best.toFixed(1)} ms, ${rate}`);
    for (const [name, milliseconds] of theirs) {
      figures.push({
        name: `gradient of an MLP 784-128-10 in ${asked.replace(" ", " over ")} / ${name}`,
        ratio: best / milliseconds,
        detail: `${best.toFixed(1)} ms (${rate}), ${name} ${milliseconds.toFixed(1)}; turn by turn ${quantile(ratios.get(name)!.sort(byValue), 0.5).toFixed(2)}`,
        aim: AIMS[name],
      });
    }
  }
  if (figures.length > 0) printFigures(figures);
  console.log(`\n${kernelTable()}`);
} finally {
  rmSync(folder, { recursive: true });
}

function ours(): Side & { readonly gigaflop: number } {
  const program = networkProgram(
    { layers: [{ dense: 128 }, { activation: "tanh" }, { dense: 10 }], loss: "softmax-cross-entropy" },
    { shape: [784], label: { kind: "classes", count: 10 } },
  );
  const { dimension, gradientFlop } = workOf(program, "float64");
  const rows = (images: boolean) =>
    Float64Array.from({ length: ROWS * ENTRIES }, (_, i) => valueAt(i, images));
  const [values, images] = [rows(false), rows(true)];
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => row % 10);
  const weights = { rowWeight: 1 / ROWS, regularizerWeight: 1 };
  const over = (precision: Precision, rows: Float64Array | Float32Array) =>
    networkObjective(
      new Network(program, new WasmKernels(precision)),
      plainRows([784], rows, labels),
      weights,
    );
  const objectives: Readonly<Record<Asked, ReturnType<typeof over>>> = {
    float64: over("float64", values),
    float32: over("float32", Float32Array.from(values)),
    "float64 images": over("float64", images),
    "float32 images": over("float32", Float32Array.from(images)),
  };
  const x = Float64Array.from({ length: dimension }, (_, j) => 0.05 * Math.sin((j + 1) ** 2));
  const g = new Float64Array(dimension);
  return {
    gigaflop: (ROWS * gradientFlop) / 1e9,
    async answer(asked) {
      const before = process.cpuUsage();
      const loss = objectives[asked].gradient(x, g);
      const { user, system } = process.cpuUsage(before);
      return {
        milliseconds: (user + system) / 1000,
        loss,
        normSquared: g.reduce((sum, v) => sum + v * v, 0),
      };
    },
  };
}

/** A rival's process, numpy on one thread, asked line by line. */
async function rival(
  program: string,
  file: string,
  args: readonly string[],
): Promise<Side & AsyncDisposable> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const env = { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const child = spawn(program, [script, ...args], { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true)
      throw new Error(`${program} ${script}: ended; has it what it needs? (--install gets it)`);
    return value;
  };
  await line();
  return {
    async answer(asked) {
      child.stdin.write(`${asked}\n`);
      const [milliseconds, loss, normSquared] = (await line()).split(" ").map(Number);
      return { milliseconds: milliseconds!, loss: loss!, normSquared: normSquared! };
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
    },
  };
}

function byValue(a: number, b: number): number {
  return a - b;
}

function agree(a: Answer, b: Answer, precision: Precision, name: Rival): void {
  for (const what of ["loss", "normSquared"] as const) {
    if (!(Math.abs(a[what] / b[what] - 1) <= AGREEMENT[name][precision])) {
      throw new Error(`${name}, ${precision}, ${what}: expected ${a[what]}, got ${b[what]}`);
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

/** jax-js, in a folder that goes away again. */
function installedJax(): string {
  const args = [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--prefix",
    join(folder, "jax"),
    JAX,
  ];
  const { error, status, stderr } = spawnSync("npm", args, { encoding: "utf8" });
  if (error !== undefined || status !== 0) throw new Error(`npm install ${JAX}: ${error?.message ?? stderr}`);
  return join(folder, "jax", "node_modules", "@jax-js", "jax", "dist", "index.js");
}
