/** What a run's parameters say of data sets: against the formulas, row by row, and for sets that were prepared otherwise. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunSpecInput } from "../../shared/protocol/index.ts";
import { type Marina, openMarina } from "../marina.ts";
import type { RowPrediction } from "./evaluate.ts";
import { done, TestFolder, tableOf } from "./testing/home.ts";

const folder = new TestFolder();
let marina: Marina;

const word = ([a]: readonly number[], row: number) => (a! + (row % 5) - 2 > 0 ? "yes" : "no");
const train = tableOf(60, word);
const test = { cells: train.cells.slice(7, 30), csv: "" };
const rowsText = (cells: (typeof train)["cells"]) =>
  `size,weight,price,y\n${cells.map(({ a, y }) => [...a, y].join(",")).join("\n")}\n`;
const LAMBDA = 0.05;

const spec = (
  name: string,
  data: string,
  kind: "logistic" | "nonconvex-binary" | "least-squares",
  stepSize: number,
): RunSpecInput => ({
  name,
  data,
  workers: 4,
  problem: { kind, regularizer: { kind: "l2", lambda: LAMBDA } },
  algorithm: { kind: "gd", stepSize },
  stop: { rounds: 40 },
});

beforeAll(async () => {
  marina = await openMarina({ home: folder.file("home") });
  const write = (name: string, content: string) => folder.write(`${name}.csv`, content);
  const path = write("train", train.csv);
  const held = write("held", rowsText(test.cells));
  const options = { labelColumn: "y" } as const;
  await marina.importData(path, options);
  await marina.importData(held, options);
  await marina.importData(path, { ...options, name: "prepared", standardize: true, intercept: true });
  await marina.importData(path, { ...options, name: "scaled", scale: true });
  await marina.importData(held, { ...options, name: "held-own", standardize: true, intercept: true });
  for (const like of ["prepared", "scaled"]) await marina.importData(path, { name: `like-${like}`, like });
  await marina.importData(held, { name: "held-like", like: "prepared" });
  const numbers = write("numbers", tableOf(30, ([a, b]) => 3 * a! + b!).csv);
  await marina.importData(numbers, { ...options, labels: "real" });
  await marina.importData(write("words", train.csv.replaceAll("yes", "ja")), options);
  await marina.importData(write("columns", train.csv.replace("size", "length")), options);
  await marina.importData(path, { ...options, name: "fewer", drop: ["price"] });
  await done(await marina.createRun(spec("plain", "train", "logistic", 1e-4)));
  await done(await marina.createRun(spec("shifted", "prepared", "logistic", 0.1)));
  await done(await marina.createRun(spec("largest", "scaled", "nonconvex-binary", 0.1)));
  await done(await marina.createRun(spec("line", "numbers", "least-squares", 1e-5)));
});
afterAll(async () => {
  await marina.close();
  folder.remove();
});

async function rowsOf(run: string, data?: string): Promise<RowPrediction[]> {
  const found: RowPrediction[] = [];
  const options = data === undefined ? {} : { data };
  for await (const row of (await marina.findRun(run)).predictions(options)) found.push(row);
  return found;
}

const evaluate = async (run: string, data?: string) =>
  (await marina.findRun(run)).evaluate(data === undefined ? {} : { data });

const dot = (a: readonly number[], x: Float64Array) => a.reduce((sum, value, j) => sum + value * x[j]!, 0);

describe("an evaluation", () => {
  it("on the run's own data has the loss and gradient of the run's result", async () => {
    for (const run of ["plain", "shifted", "largest", "line"]) {
      const { loss, gradientNormSquared } = await (await marina.findRun(run)).result();
      const found = await evaluate(run);
      expect(found.round).toBe(40);
      expect(found.loss / loss!).toBeCloseTo(1, 12);
      expect(found.gradientNormSquared / gradientNormSquared!).toBeCloseTo(1, 10);
    }
  });

  it("on held-out rows is the mean of the logistic loss, the regulariser, and the share of right rows", async () => {
    const { vector: x } = await (await marina.findRun("plain")).parameters();
    const signs = test.cells.map(({ a, y }) => ({ z: dot(a, x), sign: y === "yes" ? 1 : -1 }));
    const mean = signs.reduce((sum, { z, sign }) => sum + Math.log1p(Math.exp(-sign * z)), 0) / signs.length;
    const norm = x.reduce((sum, entry) => sum + entry * entry, 0);
    const correct = signs.filter(({ z, sign }) => z * sign > 0).length;
    const found = await evaluate("plain", "held");
    expect(found).toMatchObject({ run: "plain", data: "held", rows: 23, correct, accuracy: correct / 23 });
    expect(found.loss).toBeCloseTo(mean + (LAMBDA / 2) * norm, 12);
    expect(correct).toBeGreaterThan(0);
    expect(correct).toBeLessThan(23);
  });

  it("of numbers has the root of the mean squared error", async () => {
    const { vector: x } = await (await marina.findRun("line")).parameters();
    const { cells } = tableOf(30, ([a, b]) => 3 * a! + b!);
    const squares = cells.map(({ a, y }) => (dot(a, x) - Number(y)) ** 2);
    const found = await evaluate("line");
    expect(found.rootMeanSquaredError).toBeCloseTo(Math.sqrt(squares.reduce((a, b) => a + b) / 30), 12);
    expect(found).not.toHaveProperty("accuracy");
  });

  it("at the start is one at x^0", async () => {
    const found = await (await marina.findRun("plain")).evaluate({ at: "start" });
    // x^0 = 0 is undecided: log 2 a row, and no row is right.
    expect(found).toMatchObject({ round: 0, correct: 0, accuracy: 0 });
    expect(found.loss).toBeCloseTo(Math.log(2), 14);
  });
});

describe("predictions", () => {
  it("are the sign of <a, x>, its probability, and the words of the file, row by row", async () => {
    const { vector: x } = await (await marina.findRun("plain")).parameters();
    const found = await rowsOf("plain", "held");
    expect(found.map(({ row, label }) => [row, label])).toEqual(test.cells.map(({ y }, row) => [row, y]));
    for (const [row, { a }] of test.cells.entries()) {
      const z = dot(a, x);
      expect(found[row]).toMatchObject({ prediction: z > 0 ? "yes" : "no" });
      expect(found[row]!.score).toBeCloseTo(z, 12);
      expect(found[row]!.probability).toBeCloseTo(1 / (1 + Math.exp(-z)), 12);
    }
  });

  it("of numbers are numbers, and of two classes by least squares have no probability", async () => {
    const { vector: x } = await (await marina.findRun("line")).parameters();
    const [first] = await rowsOf("line");
    expect(Object.keys(first!)).toEqual(["row", "prediction", "label"]);
    expect(first!.prediction).toBeCloseTo(dot(tableOf(1, () => 0).cells[0]!.a, x), 12);
    await done(await marina.createRun(spec("classes-by-squares", "train", "least-squares", 1e-6)));
    expect(Object.keys((await rowsOf("classes-by-squares"))[0]!)).toEqual([
      "row",
      "prediction",
      "label",
      "score",
    ]);
  });

  it("are none where x is undecided", async () => {
    const run = await marina.findRun("plain");
    for await (const { prediction, probability } of run.predictions({ at: "start" }))
      expect([prediction, probability]).toEqual([null, 0.5]);
  });
});

describe("rows imported like the training set", () => {
  it.each([
    ["shifted", "like-prepared"],
    ["largest", "like-scaled"],
  ])("have its constants: they are its own rows, number for number (%s)", async (run, data) => {
    expect(await rowsOf(run, data)).toEqual(await rowsOf(run));
    const [own, raw] = [await evaluate(run), await evaluate(run, data)];
    expect(raw).toMatchObject({ correct: own.correct, rows: own.rows });
    // All rows are one piece here: the same sums.
    expect(raw.loss).toBeCloseTo(own.loss, 14);
  });

  it("may be few: held-out rows are predicted as the same rows of the training set", async () => {
    const all = await rowsOf("shifted");
    const held = await rowsOf("shifted", "held-like");
    expect(held.map(({ row: _, ...rest }) => rest)).toEqual(
      all.slice(7, 30).map(({ row: _, ...rest }) => rest),
    );
  });

  it("without features at the end, as LIBSVM leaves them out, have zeros there", async () => {
    const svm = (name: string, text: string) => marina.importData(folder.write(name, text));
    await svm("wide.svm", "1 1:2 4:1\n-1 2:1 3:-3\n1 1:1\n-1 4:-2\n");
    await marina.importData(folder.write("few.svm", "1 1:2\n-1 2:1 3:-3\n"), { like: "wide" });
    await done(await marina.createRun(spec("sparse", "wide", "logistic", 0.5)));
    const { vector: x } = await (await marina.findRun("sparse")).parameters();
    const found = await rowsOf("sparse", "few");
    expect(found.map(({ score }) => score)).toEqual([2 * x[0]!, x[1]! - 3 * x[2]!]);
  });
});

describe("after a divergence", () => {
  it("an evaluation names the first row that overflows, and of a network the operation", async () => {
    const sizes = train.cells.map(({ a }) => Math.abs(a[0]!));
    const middle = sizes.toSorted((a, b) => a - b)[30]!;
    expect(middle).toBeGreaterThan(1);
    // A margin of a_0 x_0 is finite where a_0 is at most the middle one.
    const start = { file: folder.write("huge.json", JSON.stringify([Number.MAX_VALUE / middle, 0, 0])) };
    const run = await marina.createRun({ ...spec("huge", "train", "logistic", 1e-4), start });
    expect((await run.result()).status).toBe("diverged");
    const first = sizes.findIndex((size) => !Number.isFinite(size * (Number.MAX_VALUE / middle)));
    await expect(run.evaluate({ at: "start" })).rejects.toThrow(
      new RegExp(
        `^f or its gradient on "train" is no finite number at x\\^0 of huge: row ${first} of the data set overflows; .*smaller step size$`,
      ),
    );
    const network = await marina.createRun({
      ...spec("network", "train", "logistic", 1),
      problem: {
        kind: "network",
        layers: [{ dense: 2 }, { activation: "relu" }, { dense: 1 }],
        loss: "squared",
      },
      start: { file: folder.write("wide.json", JSON.stringify(new Array(11).fill(1e200))) },
    });
    expect((await network.result()).status).toBe("diverged");
    await expect(network.evaluate({ at: "start" })).rejects.toThrow(
      /row 0 of the data set overflows in operation \d+ \("matmul" with 2\.dense\.weight\); /,
    );
  });
});

describe("a data set that the parameters do not belong to is refused:", () => {
  it.each([
    [
      "shifted",
      "held-own",
      /^data set "held-own": expected rows like those of "prepared", "held-own" has other offsets of its features; import it as that data set was: .* --like prepared --name held-own --replace$/,
    ],
    ["plain", "scaled", /expected rows like those of "train", "scaled" has own scales of its features/],
    ["plain", "prepared", /expected rows like those of "train", "prepared" has 4 features, not 3/],
    ["plain", "words", /"words" has the labels no as \+1 and ja as -1, not yes as \+1 and no as -1/],
    ["plain", "columns", /"columns" has "length" as feature 1, not "size"/],
    ["plain", "fewer", /"fewer" has 2 features, not 3/],
    ["plain", "numbers", /"numbers" has labels of the kind real, not binary/],
    ["plain", "hold", /data set "hold" does not exist.*held/],
  ])("%s on %s", async (run, data, message) => {
    await expect(evaluate(run, data)).rejects.toThrow(message);
    await expect(rowsOf(run, data)).rejects.toThrow(message);
  });
});
