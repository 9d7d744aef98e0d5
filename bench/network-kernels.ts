/**
 * What each kernel of a network's gradient does in a second of CPU time: GFLOP/s, elementary functions counted as one each. Of
 * convolutions: an image's patches and the product, as networks are run; of left factors with zeros: as if there were none; of
 * pools: one operation for each entry of the images.
 */
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
const SUMS = PACKED + IN * HIDDEN + 8;
/** Rows like A's, of whose entries a fifth is not zero. */
const DRAWN = SUMS + IN * HIDDEN + 8;
const ENTRIES = DRAWN + ROWS * IN + 8;
const NOT_ZERO = 0.2;
/** Images of a pool. */
const IMAGES = 8;

/** Quadratic windows over an image, as kernels take them. */
function windowsOf(
  image: readonly [number, number, number],
  window: number,
  stride: number,
  padding: number,
) {
  const [height, width, channels] = image;
  const out = (size: number) => Math.floor((size + 2 * padding - window) / stride) + 1;
  const [top, left, strideY, strideX] = [padding, padding, stride, stride];
  const [outHeight, outWidth] = [out(height), out(width)];
  const windows = { windowHeight: window, windowWidth: window, strideY, strideX, top, left };
  return { height, width, channels, ...windows, outHeight, outWidth };
}

/** The second one of LeNet-5, and one of a larger network. */
const CONVOLUTIONS = [convolution([14, 14, 6], 5, 0, 16), convolution([14, 14, 16], 3, 1, 32)];
const POOL = windowsOf([28, 28, 6], 2, 2, 0);

const KERNELS: readonly Measured[] = [
  product(ROWS, IN, HIDDEN),
  product(ROWS, IN, HIDDEN, DRAWN),
  product(ROWS, HIDDEN, OUT),
  product(ROWS, OUT, HIDDEN),
  transposed(IN, ROWS, HIDDEN),
  transposed(IN, ROWS, HIDDEN, DRAWN),
  transposed(HIDDEN, ROWS, OUT),
  { name: "pack [784, 128]", flop: IN * HIDDEN, run: (k) => k.pack(B, PACKED, IN, HIDDEN) },
  ...(["tanh", "sigmoid", "softplus", "exp", "log", "relu", "sqrt"] as const).map((operation) => ({
    name: `${operation} of 8,192`,
    flop: VALUES,
    run: (k: WasmKernels) => k.unary(operation, A, C, VALUES),
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
  { name: "numbers of bytes [64, 784]", flop: 2 * ROWS * IN, run: (k) => k.decode(C, ROWS * IN, 1 / 255, 0) },
  ...CONVOLUTIONS.flat(),
  pool("maximum of", (k) => k.maxPoolPick(A, A, C, IMAGES, POOL)),
  pool("maximum of", (k) => k.maxPoolPlace(B, A, C, IMAGES, POOL), ", gradient"),
  pool("sum of", (k) => k.sumPool(A, C, IMAGES, POOL)),
  pool("sum of", (k) => k.sumPoolTransposed(B, C, IMAGES, POOL), ", gradient"),
];

function product(m: number, k: number, n: number, left = A): Measured {
  return {
    name: `product [${m}, ${k}] [${k}, ${n}]${left === DRAWN ? ", a fifth not zero" : ""}`,
    flop: 2 * m * k * n,
    run: (kernels) => kernels.product(left, PACKED, C, m, k, n),
  };
}

function transposed(m: number, k: number, n: number, left = A): Measured {
  return {
    name: `product [${k}, ${m}]^T [${k}, ${n}], added${left === DRAWN ? ", a fifth not zero" : ""}`,
    flop: 2 * m * k * n,
    run: (kernels) => kernels.addTransposedProduct(left, B, PACKED, C, m, k, n),
  };
}

/** An image's convolution and both of its gradients: the image at A, the output or its cotangent at B, patches at C. */
function convolution(
  image: readonly [number, number, number],
  window: number,
  padding: number,
  filters: number,
): readonly Measured[] {
  const g = windowsOf(image, window, 1, padding);
  const windows = g.outHeight * g.outWidth;
  const taps = window * window * g.channels;
  const name = `convolution [${image.join(", ")}], ${filters} filters of ${window} x ${window}`;
  const flop = 2 * windows * taps * filters;
  return [
    {
      name,
      flop,
      run: (k) => {
        k.patches(A, C, g);
        k.product(C, PACKED, B, windows, taps, filters);
      },
    },
    {
      name: `${name}, gradient of the filters`,
      flop,
      run: (k) => {
        k.patches(A, C, g);
        k.addTransposedProduct(C, B, PACKED, SUMS, taps, windows, filters);
      },
    },
    {
      name: `${name}, gradient of the image`,
      flop,
      run: (k) => {
        k.product(B, PACKED, C, windows, filters, taps);
        k.addPatches(C, A, g);
      },
    },
  ];
}

function pool(what: string, run: Measured["run"], gradient = ""): Measured {
  const name = `${what} 2 x 2 of ${IMAGES} images [28, 28, 6]${gradient}`;
  return { name, flop: IMAGES * POOL.height * POOL.width * POOL.channels, run };
}

/** Numbers of the size that a network's values have; a memory for each precision. */
function ready(precision: Precision): WasmKernels {
  const kernels = new WasmKernels(precision);
  const memory = kernels.memory(ENTRIES);
  for (let i = 0; i < ENTRIES; i++) memory[i] = 0.05 + Math.abs(Math.sin(i * 1.37));
  // In runs, as in images.
  for (let i = 0; i < ROWS * IN; i++) if ((i / 50) % 1 >= NOT_ZERO) memory[DRAWN + i] = 0;
  return kernels;
}

/** Of the best turn. The sums are begun anew by every turn's fresh numbers: they must not grow beyond all bounds. */
function rateOf({ flop, run }: Measured, precision: Precision): number {
  let best = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const kernels = ready(precision);
    run(kernels);
    const before = process.cpuUsage();
    let [times, milliseconds] = [0, 0];
    while (milliseconds < 1000 * TURN_SECONDS) {
      for (let i = 0; i < 8; i++) run(kernels);
      times += 8;
      const { user, system } = process.cpuUsage(before);
      milliseconds = (user + system) / 1000;
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
