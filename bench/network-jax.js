/**
 * Gradients of the MLP 784-128-10 (tanh, softmax cross-entropy) in jax-js, device wasm, compiled (jit), blocks of 64 rows: answers each
 * line read, "float64" or "float32", perhaps with " images", by the CPU milliseconds of one gradient over all rows (of all its
 * threads), its loss, and |gradient|^2. Usage: node network-jax.js MODULE ROWS
 */
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { ENTRIES, valueAt } from "./network-rows.ts";

const [module, rowsText] = process.argv.slice(2);
const ROWS = Number(rowsText);
const BLOCK = 64;
const D = 784 * 128 + 128 + 128 * 10 + 10;
const {
  init,
  defaultDevice,
  jit,
  valueAndGrad,
  blockUntilReady,
  numpy: np,
  nn,
} = await import(pathToFileURL(module).href);
await init("wasm");
defaultDevice("wasm");

/** The sum of a block's losses at x, and its gradient, added to what came before. */
const step = jit((x, a, onehot, loss, g) => {
  const total = (at) => {
    const W = at.ref.slice([0, 100352]).reshape([784, 128]);
    const b = at.ref.slice([100352, 100480]);
    const V = at.ref.slice([100480, 101760]).reshape([128, 10]);
    const c = at.slice([101760, D]);
    const z = np.matmul(np.tanh(np.matmul(a.ref, W).add(b)), V).add(c);
    return nn.logSoftmax(z).mul(onehot.ref).sum().neg();
  };
  const [own, gradient] = valueAndGrad(total)(x);
  a.dispose();
  onehot.dispose();
  return [loss.add(own), g.add(gradient)];
});

function settingOf(Floats, dtype, images) {
  const values = Floats.from({ length: ROWS * ENTRIES }, (_, i) => valueAt(i, images));
  const blocks = [];
  for (let first = 0; first < ROWS; first += BLOCK) {
    const rows = Math.min(BLOCK, ROWS - first);
    const onehot = new Floats(rows * 10);
    for (let row = 0; row < rows; row++) onehot[row * 10 + ((first + row) % 10)] = 1;
    blocks.push([
      np.array(values.slice(first * 784, (first + rows) * 784), { shape: [rows, 784], dtype }),
      np.array(onehot, { shape: [rows, 10], dtype }),
    ]);
  }
  const x = np.array(
    Floats.from({ length: D }, (_, j) => 0.05 * Math.sin((j + 1) ** 2)),
    { dtype },
  );
  return { blocks, x, dtype };
}

const settings = {
  float64: settingOf(Float64Array, np.float64, false),
  float32: settingOf(Float32Array, np.float32, false),
  "float64 images": settingOf(Float64Array, np.float64, true),
  "float32 images": settingOf(Float32Array, np.float32, true),
};

async function gradient({ blocks, x, dtype }) {
  let [loss, g] = [np.zeros([], { dtype }), np.zeros([D], { dtype })];
  for (const [a, onehot] of blocks) [loss, g] = step(x.ref, a.ref, onehot.ref, loss, g);
  await blockUntilReady([loss.ref, g.ref]);
  return [(await loss.data())[0] / ROWS, Float64Array.from(await g.data(), (v) => v / ROWS)];
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const [loss, g] = await gradient(settings[line.trim()]);
  const { user, system } = process.cpuUsage(before);
  console.log(
    (user + system) / 1000,
    loss,
    g.reduce((sum, v) => sum + v * v, 0),
  );
}
