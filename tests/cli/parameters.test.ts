/** `marina parameters`, `evaluate` and `predict`, in processes of their own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNpyArray } from "../../shared/data/formats/npy-array.ts";
import { vectorSha256 } from "../../shared/protocol/digest.ts";
import { lastLine, marina, type Outcome } from "../fixtures/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-parameters-"));
const file = (name: string) => join(folder, name);
const run = (...args: readonly string[]): Promise<Outcome> =>
  marina([...args, "--home", file("home")], { cwd: folder });
const spec = {
  name: "first",
  data: "table",
  workers: 2,
  problem: { kind: "logistic" },
  algorithm: { kind: "gd", stepSize: 0.1 },
  stop: { rounds: 10 },
};
const rows = Array.from({ length: 20 }, (_, i) => `${i % 7},${(i * i) % 5},${i % 3 === 0 ? "yes" : "no"}`);

let digest: string;

beforeAll(async () => {
  writeFileSync(file("table.csv"), `size,weight,y\n${rows.join("\n")}\n`);
  writeFileSync(file("spec.json"), JSON.stringify(spec));
  expect(await run("data", "import", "table.csv", "--label-column", "y")).toMatchObject({ code: 0 });
  const ended = await run("run", "spec.json", "--json");
  expect(ended.code).toBe(0);
  digest = (JSON.parse(lastLine(ended.stdout)) as { iterateSha256: string }).iterateSha256;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("marina parameters", () => {
  it("writes x with its digest, and never over a file unless it is told to", async () => {
    const written = await run("parameters", "first", "--out", "x.npy");
    expect(written).toMatchObject({ code: 0, stderr: "" });
    expect(written.stdout).toBe(`x.npy: x^10 of first, 2 parameters, 144 B, SHA-256 ${digest}\n`);
    expect(vectorSha256((await readNpyArray(readFileSync(file("x.npy")), "x.npy")).values)).toBe(digest);
    expect(await run("parameters", "first", "--out", "x.npy", "--at", "start")).toMatchObject({
      code: 2,
      stdout: "",
      stderr: "marina: x.npy: is there already; give another name, or --force to replace it\n",
    });
    expect(await run("parameters", "first", "--out", "x.npy", "--at", "start", "--force")).toMatchObject({
      code: 0,
    });
    expect((await readNpyArray(readFileSync(file("x.npy")), "x.npy")).values).toEqual(new Float64Array(2));
  });

  it("names the features in CSV, from which a run can begin again", async () => {
    expect(await run("parameters", "first", "--out", "x.csv")).toMatchObject({ code: 0 });
    const [header, first] = readFileSync(file("x.csv"), "utf8").split("\n");
    expect(header).toBe("parameter,index,feature,value");
    expect(first).toMatch(/^weights,0,size,-?\d/);
    writeFileSync(file("again.json"), JSON.stringify({ ...spec, name: "again", start: { file: "x.csv" } }));
    const again = await run("run", "again.json");
    expect(again.code).toBe(0);
    const start = await run("parameters", "again", "--out", "start.npy", "--at", "start");
    expect(start.stdout).toContain(`x^0 of again, 2 parameters, 144 B, SHA-256 ${digest}`);
  });

  it.each<[readonly string[], RegExp]>([
    [["parameters", "frist", "--out", "y.npy"], /^marina: run "frist" does not exist.*first/],
    [["parameters", "first", "--out", "y.pt"], /^marina: y\.pt: expected a name that ends in \.safetensors/],
    [["parameters", "first", "--out", "no/y.npy"], /^marina: no\/y\.npy: .*no such file or folder/i],
    [["parameters", "first", "--out", "y.npy", "--at", "best"], /--at <which>.*is invalid.*start, last/],
    [["evaluate", "first", "--data", "tabel"], /^marina: data set "tabel" does not exist.*table/],
    [["predict", "first", "--out", "x.csv"], /^marina: x\.csv: is there already/],
  ])("refuses %j", async (args, message) => {
    const outcome = await run(...args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
  });
});

it("marina evaluate prints loss, gradient and accuracy, and predict a line a row that agree with it", async () => {
  const printed = await run("evaluate", "first");
  expect(printed.stdout).toMatch(
    /^run +first, x\^10\ndata +table, 20 rows\nf +\d.*\n\|∇f\|² +\d.*\naccuracy +\d+\.\d\d % \(\d+ rows\)\n$/,
  );
  const { correct } = JSON.parse((await run("evaluate", "first", "--json")).stdout) as { correct: number };
  expect(printed.stdout).toContain(`(${correct} rows)`);
  expect((await run("predict", "first", "--out", "predictions.csv")).stdout).toBe(
    "predictions.csv: 20 rows\n",
  );
  const [header, ...lines] = readFileSync(file("predictions.csv"), "utf8").trimEnd().split("\n");
  expect(header).toBe("row,prediction,label,score,probability");
  const cells = lines.map((line) => line.split(","));
  expect(cells.map(([row, , label]) => `${row} ${label}`)).toEqual(
    rows.map((row, i) => `${i} ${row.split(",")[2]}`),
  );
  expect(cells.filter(([, prediction, label]) => prediction === label)).toHaveLength(correct);
});
