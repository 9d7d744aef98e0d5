/** What each kernel of a network's gradient does in a second, on one core: GFLOP/s, elementary functions counted as one each. */
import { table } from "../client/text/table.ts";
import { type Precision, WasmKernels } from "../shared/problems/network/index.ts";

const TURNS = 7;
const TURN_SECONDS = 0.02;
/** Of the MLP 784-128-10 in blocks of 64 rows. */
const [ROWS, IN, HIDDEN, OUT] = [64, 784, 128, 10];
const VALUES = ROWS * HIDDEN;

interface Measured {
  readonly name: string;
  readonly flop: number;
  readonly run: (kernels: WasmKernels) => void;
}

const A = 0;
const B = ROWS * IN + 8;
const C = B + IN * HIDDEN + 8;
const PACKED = C + IN * HIDDEN + 8;
/** Packed panels are eight columns wide, which no factor here fills less than the largest one. */
const ENTRIES = PACKED + IN * HIDDEN + 8;

const KERNELS: readonly Measured[] = [
  product(ROWS, IN, HIDDEN),
  product(ROWS, HIDDEN, OUT),
  product(ROWS, OUT, HIDDEN),
  transposed(IN, ROWS, HIDDEN),
  transposed(HIDDEN, ROWS, OUT),
  { name: "pack [784, 128]", flop: IN * HIDDEN, run: (k) => k.pack(B, PACKED, IN, HIDDEN) },
  ...(["tanh", "sigmoid", "softplus", "exp", "log", "relu", "sqrt"] as const).map((operation) => ({
    name: `${operation} of 8,192`,
    flop: VALUES,
    run: (k: WasmKernels) => k.unary(operation, B, C, VALUES),
  })),
  ...(["add", "multiply", "divide"] as const).map((operation) => ({
    name: `${operation} of 8,192`,
    flop: VALUES,
    run: (k: WasmKernels) => k.binary(operation, A, B, C, VALUES),
  })),
  { name: "add a bias [64, 128]", flop: VALUES, run: (k) => k.addChannels(A, B, C, ROWS, HIDDEN) },
  { name: "sum over rows [64, 128]", flop: VALUES, run: (k) => k.addPositions(A, C, ROWS, HIDDEN) },
  { name: "sum of each row [64, 128]", flop: VALUES, run: (k) => k.sumGroups(A, C, ROWS, 1, 1, HIDDEN) },
  { name: "largest of each row [64, 128]", flop: VALUES, run: (k) => k.largest(A, C, ROWS, HIDDEN) },
];

function product(m: number, k: number, n: number): Measured {
  return {
    name: `product [${m}, ${k}] [${k}, ${n}]`,
    flop: 2 * m * k * n,
    run: (kernels) => kernels.product(A, PACKED, C, m, k, n),
  };
}

function transposed(m: number, k: number, n: number): Measured {
  return {
    name: `product [${k}, ${m}]^T [${k}, ${n}], added`,
    flop: 2 * m * k * n,
    run: (kernels) => kernels.addTransposedProduct(A, B, PACKED, C, m, k, n),
  };
}

/** Numbers of the size that a network's values have; a memory for each precision. */
function ready(precision: Precision): WasmKernels {
  const kernels = new WasmKernels(precision);
  const memory = kernels.memory(ENTRIES);
  for (let i = 0; i < ENTRIES; i++) memory[i] = 0.05 + Math.abs(Math.sin(i * 1.37));
  return kernels;
}

/** Of the best turn. The sums are begun anew by every turn's fresh numbers: they must not grow beyond all bounds. */
function rateOf({ flop, run }: Measured, precision: Precision): number {
  let best = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const kernels = ready(precision);
    run(kernels);
    const before = performance.now();
    let [times, milliseconds] = [0, 0];
    while (milliseconds < 1000 * TURN_SECONDS) {
      for (let i = 0; i < 8; i++) run(kernels);
      times += 8;
      milliseconds = performance.now() - before;
    }
    best = Math.max(best, (times * flop) / milliseconds / 1e6);
  }
  return best;
}

export function kernelTable(): string {
  return table(
    [
      ["kernel, GFLOP/s", "left"],
      ["float64", "right"],
      ["float32", "right"],
    ],
    KERNELS.map((kernel) => [
      kernel.name,
      ...(["float64", "float32"] as const).map((precision) => rateOf(kernel, precision).toFixed(2)),
    ]),
  );
}
