/**
 * How near is the gradient kernel to the machine's limit? WebAssembly, plain TypeScript, and the same loops in C
 * (gcc -O3 -march=native, one thread), on the shipped data sets, in one run.
 * Usage: node bench/kernels.ts
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadShipped } from "../shared/data/testing/load.ts";
import type { RowPass } from "../shared/problems/linear/row-pass.ts";
import { TypeScriptPass } from "../shared/problems/linear/typescript-pass.ts";
import { WasmKernel, WasmPass } from "../shared/problems/linear/wasm/wasm-pass.ts";
import type { Shard } from "../shared/problems/problem.ts";
import type { Figure } from "./figure.ts";
import { printFigures } from "./print.ts";

/** Sides take turns, so that a noisy neighbour disturbs all of them; the best of each counts. */
const TURNS = 12;
const TURN_SECONDS = 0.05;
const KIND = "nonconvex-binary";

interface Times {
  gradient: number;
  pair: number;
}

export async function kernelFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "marina-kernels-"));
  try {
    const program = compile(folder);
    const kernel = new WasmKernel();
    const figures: Figure[] = [];
    for (const name of ["mushrooms", "a9a", "w8a"] as const) {
      const { shards } = await loadShipped(name, 1, "drop");
      figures.push(...compare(name, shards[0]!, kernel, program, folder));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compare(
  name: string,
  shard: Shard,
  kernel: WasmKernel,
  program: string | undefined,
  folder: string,
): Figure[] {
  const x = Float64Array.from({ length: shard.features }, (_, j) => 0.01 * (((7 * j) % 11) - 5));
  const w = x.map((value) => 1.01 * value + 0.001);
  const plain = new TypeScriptPass(KIND, shard);
  const wasm = new WasmPass(KIND, shard, kernel);
  const best = { plain: none(), wasm: none(), c: none() };
  const file = join(folder, name);
  if (program !== undefined) writeFileSync(file, cInput(shard, x, w));
  for (let turn = 0; turn < TURNS; turn++) {
    least(best.plain, measure(plain, x, w));
    least(best.wasm, measure(wasm, x, w));
    if (program !== undefined) least(best.c, measureC(program, file, loss(plain, x)));
  }
  return (["gradient", "pair"] as const).flatMap((what) => {
    const milliseconds = `wasm ${best.wasm[what].toFixed(3)} ms, TypeScript ${best.plain[what].toFixed(3)}, C ${best.c[what].toFixed(3)}`;
    const against = (other: string, ratio: number, aim: string): Figure => ({
      name: `${what} kernel on ${name}, wasm / ${other}`,
      ratio,
      detail: milliseconds,
      aim,
    });
    const figures = [against("TypeScript", best.wasm[what] / best.plain[what], "at most 0.77")];
    if (program !== undefined) figures.push(against("C", best.wasm[what] / best.c[what], "at most 1.5"));
    return figures;
  });
}

function none(): Times {
  return { gradient: Infinity, pair: Infinity };
}

function least(best: Times, times: Times): void {
  best.gradient = Math.min(best.gradient, times.gradient);
  best.pair = Math.min(best.pair, times.pair);
}

function measure(pass: RowPass, x: Float64Array, w: Float64Array): Times {
  const [out, other] = [new Float64Array(x.length), new Float64Array(x.length)];
  return {
    gradient: bestOf(() => pass.gradient(x, out)),
    pair: bestOf(() => pass.gradientPair(x, w, out, other)),
  };
}

function bestOf(run: () => void): number {
  let best = Infinity;
  const until = performance.now() + 1000 * TURN_SECONDS;
  for (let from = performance.now(); from < until; ) {
    run();
    const to = performance.now();
    best = Math.min(best, to - from);
    from = to;
  }
  return best;
}

function loss(pass: RowPass, x: Float64Array): number {
  return pass.gradient(x, new Float64Array(x.length));
}

/** The compiled C program, or undefined (and said) where there is no gcc. */
function compile(folder: string): string | undefined {
  const program = join(folder, "kernels");
  const source = fileURLToPath(new URL("kernels.c", import.meta.url));
  const { error, status, stderr } = spawnSync("gcc", ["-O3", "-march=native", "-o", program, source, "-lm"]);
  if (error !== undefined) {
    console.error(`no comparison with C: gcc can't be run (${error.message})`);
    return undefined;
  }
  if (status !== 0) throw new Error(`gcc: ${stderr}`);
  return program;
}

function cInput(shard: Shard, x: Float64Array, w: Float64Array): Uint8Array {
  const { rows, features, offsets, indices, values, labels } = shard;
  if (values !== null || !(indices instanceof Uint16Array))
    throw new Error("the C loops read ones and uint16 only");
  const header = Uint32Array.of(rows, features, indices.length, 0);
  const first = offsets[0]!;
  const parts = [header, labels, x, w, offsets.map((offset) => offset - first), indices];
  return Buffer.concat(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
}

/** The quicker of the two layouts counts as C's pair. */
function measureC(program: string, file: string, expectedLoss: number): Times {
  const { status, stdout, stderr } = spawnSync(program, [file, String(TURN_SECONDS)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`kernels.c: ${stderr}`);
  const best = new Map<string, number>();
  for (const line of stdout.trim().split("\n")) {
    const [name, milliseconds, sum] = line.split(" ");
    if (!(Math.abs(Number(sum) / expectedLoss - 1) < 1e-12)) {
      throw new Error(`kernels.c, ${name}: expected the loss ${expectedLoss}, got ${sum}`);
    }
    best.set(name!, Number(milliseconds));
  }
  return { gradient: best.get("gradient")!, pair: Math.min(best.get("pair")!, best.get("interleaved")!) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printFigures(await kernelFigures());
