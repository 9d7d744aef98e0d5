/** `marina model build`, in a process of its own. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { marina } from "../fixtures/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-model-build-"));
const run = (...args: readonly string[]) => marina([...args, "--home", "home"], { cwd: folder });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("stores the program at its digest and says how a spec names it; what is no model is refused in one line", async () => {
  writeFileSync(
    join(folder, "model.ts"),
    `export default ({ row, label, parameter, ops }) => {
  const z = ops.matmul(row, parameter("w", [3, 1]));
  return { loss: ops.squaredError(z, label), outputs: z };
};\n`,
  );
  const built = await run(
    "model",
    "build",
    "model.ts",
    "--row",
    "3",
    "--label",
    "real",
    "--out",
    "program.json",
  );
  expect(built).toMatchObject({ code: 0, stderr: "" });
  const text = readFileSync(join(folder, "program.json"));
  const sha256 = createHash("sha256").update(text).digest("hex");
  expect(built.stdout).toContain(`in a spec  "problem": {"kind":"model","program":"${sha256}"}`);
  expect(built.stdout).toContain("d = 3: w [3, 1] glorot");
  expect(readFileSync(join(folder, "home", "objects", "models", `${sha256}.json`))).toEqual(text);

  const refusals: [readonly string[], RegExp][] = [
    [
      ["model.ts", "--row", "4", "--label", "real"],
      /^marina: model\.ts:2:\d+: ops\.matmul: a value of shape \[4\] does not fit a matrix \[3, 1\]\n$/,
    ],
    [["model.ts"], /^marina: model\.ts.*: expected --data NAME, or --row and --label/],
    [["none.ts", "--row", "3", "--label", "real"], /^marina: none\.ts: .*no such file/],
  ];
  for (const [args, message] of refusals) {
    const refused = await run("model", "build", ...args);
    expect(refused.stderr).toMatch(message);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
  }
});

it("a spec whose problem is a program, and that begins where a run has ended, is explained before it is run", async () => {
  const table = Array.from({ length: 12 }, (_, l) => `${l % 3},${l % 4},${l % 5},${l}`);
  writeFileSync(join(folder, "t.csv"), `a,b,c,y\n${table.join("\n")}\n`);
  const imported = await run("data", "import", "t.csv", "--label-column", "y", "--labels", "real");
  expect(imported).toMatchObject({ code: 0 });
  const { stdout } = await run("model", "build", "model.ts", "--data", "t", "--json");
  const { problem } = JSON.parse(stdout) as { problem: object };
  const spec = {
    ...{ name: "before", data: "t", workers: 3, problem, stop: { rounds: 3 } },
    algorithm: { kind: "gd", stepSize: "measured" },
  };
  writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
  const ran = await run("run", "spec.json", "--json");
  const begins = ["--set", 'start={"run":"before"}', "--set", "name=after"];
  const explained = await run("run", "spec.json", "--explain", "--json");
  const later = await run("run", "spec.json", "--explain", "--json", ...begins);
  for (const { code, stderr } of [ran, explained, later]) expect([code, stderr]).toEqual([0, ""]);
  // What is explained is what the run then has.
  const stepOf = (text: string) =>
    (JSON.parse(text) as { constants: { stepSize: number } }).constants.stepSize;
  expect(stepOf(explained.stdout)).toBe(stepOf(ran.stdout));
  expect(stepOf(later.stdout)).toBe(stepOf((await run("run", "spec.json", "--json", ...begins)).stdout));
});
