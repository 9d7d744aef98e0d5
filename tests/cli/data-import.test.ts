/** `marina data import` and `data show`, in processes of their own: files as people have them. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../shared/data/manifest.ts";
import { type CallOptions, marina } from "../fixtures/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-data-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);
const here: CallOptions = { cwd: folder };
const run = (...args: readonly string[]) => marina([...args, "--home", file("home")], here);

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(file("home"), "objects", "datasets", name, "manifest.json"), "utf8"));
}

/** Imports again with the command that the data set's own options make, and compares the stored rows. */
async function comesBack(name: string, path: string): Promise<void> {
  const shown = (await run("data", "show", name)).stdout;
  const options = /^read with (.*)$/m.exec(shown)![1]!;
  const words = execFileSync("sh", ["-c", `printf '%s\\0' ${options}`], { encoding: "utf8" }).split("\0");
  const again = await run("data", "import", path, "--name", `${name}-again`, ...words.slice(0, -1));
  expect(again).toMatchObject({ code: 0 });
  expect(manifestOf(`${name}-again`).object.sha256).toBe(manifestOf(name).object.sha256);
}

describe("a file that is sorted by its labels", () => {
  const lines = [...Array(500).fill("1 1:1 2:0.5"), ...Array(500).fill("-1 1:0.2 3:1")];
  const spec = {
    data: "sorted",
    workers: 2,
    problem: { kind: "logistic" },
    algorithm: { kind: "gd", stepSize: 0.1 },
    stop: { rounds: 2 },
  };

  it("is said to be so by `data show --workers` and by `run`, with the option that shuffles", async () => {
    writeFileSync(file("sorted.svm"), `${lines.join("\n")}\n`);
    writeFileSync(file("spec.json"), JSON.stringify(spec));
    expect((await run("data", "import", "sorted.svm")).code).toBe(0);
    const shown = await run("data", "show", "sorted", "--workers", "2");
    expect(shown.stdout).toMatch(/^ +0 +500 +500 +0 +100\.0 %$/m);
    expect(shown.stdout).toMatch(/^ +1 +500 +0 +500 +0\.0 %$/m);
    expect(shown.stdout).toMatch(/^2 of 2 workers see one class only: .*--shuffle SEED/m);
    const ran = await run("run", "spec.json", "--json");
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(
      /^sorted: 2 of 2 workers see one class only: .*--shuffle SEED mixes its rows$/m,
    );
  });

  it("is mixed by it, which is then kept, and not spoken of any more", async () => {
    const imported = await run("data", "import", "sorted.svm", "--name", "mixed", "--shuffle", "3");
    expect(imported.stdout).toMatch(/^read with --shuffle 3$/m);
    const ran = await run("run", "spec.json", "--set", "data=mixed");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    await comesBack("mixed", "sorted.svm");
    expect(manifestOf("mixed").object.sha256).not.toBe(manifestOf("sorted").object.sha256);
  });

  it("is dealt out to clients that differ, if that is asked for", async () => {
    const words = ["--partition", "dirichlet:0.1", "--clients", "10", "--shuffle", "5"];
    expect((await run("data", "import", "sorted.svm", "--name", "clients", ...words)).code).toBe(0);
    await comesBack("clients", "sorted.svm");
    expect(
      (await run("data", "import", "sorted.svm", "--name", "x", "--sort", "label", "--shuffle", "1")).code,
    ).toBe(2);
    expect((await run("data", "import", "sorted.svm", "--name", "x", "--shuffle", "-1")).code).toBe(2);
  });
});

describe("a folder as Spark leaves it", () => {
  const parts = { "part-00000-a.csv": "a,y\n1,1\n", "part-00001-a.csv": "a,y\n2,0\n3,1\n" };

  it("is read in order of name, without what is no data; and so are its files one by one", async () => {
    mkdirSync(file("spark.out"));
    for (const [name, text] of Object.entries(parts).reverse())
      writeFileSync(join(file("spark.out"), name), text);
    writeFileSync(join(file("spark.out"), "_SUCCESS"), "");
    writeFileSync(join(file("spark.out"), ".part-00000-a.csv.crc"), "crc");
    writeFileSync(file("whole.csv"), "a,y\n1,1\n2,0\n3,1\n");
    expect(await run("data", "import", "spark.out/", "--label-column", "y")).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect((await run("data", "import", "whole.csv", "--label-column", "y")).code).toBe(0);
    expect(manifestOf("spark.out").object.sha256).toBe(manifestOf("whole").object.sha256);
    expect(manifestOf("spark.out").source).toMatchObject({
      fileName: "spark.out/",
      files: Object.keys(parts).map((name) => ({ name })),
    });
    const paths = Object.keys(parts).map((name) => join("spark.out", name));
    expect((await run("data", "import", ...paths, "--label-column", "y", "--name", "both")).code).toBe(0);
    expect(manifestOf("both").object.sha256).toBe(manifestOf("whole").object.sha256);
    const shown = (await run("data", "show", "both")).stdout;
    expect(shown).toContain("source part-00000-a.csv and 1 more file, ");
  });

  it("says what it holds beside files, and that it is empty", async () => {
    mkdirSync(join(file("year"), "month=1"), { recursive: true });
    mkdirSync(file("empty"));
    const import_ = async (...paths: string[]) => (await run("data", "import", ...paths)).stderr;
    expect(await import_("year")).toBe(
      "marina: year: expected files in it, got the folder month=1; import that one\n",
    );
    expect(await import_("empty")).toBe("marina: empty: expected files in it, got none\n");
    expect(await import_("whole.csv", "empty")).toMatch(/^marina: empty: is a folder, expected it alone/);
    expect(await import_("whole.csv", "-")).toMatch(/^marina: -: expected standard input alone/);
  });
});

describe("a table with words, missing cells and several classes", () => {
  const table = [
    ",width,height,kind",
    ...Array.from(
      { length: 30 },
      (_, l) => `${l},${l % 7 === 0 ? "" : l / 10},${l * 100},${["a", "b", "c"][l % 3]}`,
    ),
  ];

  it("is filled, scaled and made two classes of; its names are shown, and its options make the same rows again", async () => {
    writeFileSync(file("table.csv"), `${table.join("\n")}\n`);
    const base = ["data", "import", "table.csv", "--label-column", "kind"];
    expect((await run(...base)).stderr).toMatch(/missing cells|--missing mean|--positive/);
    const options = [
      "--missing",
      "mean",
      "--positive",
      "b",
      "--standardize",
      "--intercept",
      "--shuffle",
      "2",
    ];
    const imported = await run(...base, ...options);
    expect(imported).toMatchObject({ code: 0 });
    expect(imported.stderr).toBe(
      "table.csv: left out the column without a name: the index that a data frame was saved with\n" +
        'table.csv: filled 5 missing cells with means of their columns (by column: "width" 5)\n',
    );
    expect(imported.stdout).toContain('labels "b" -> +1 (10 rows), "not b" -> -1 (20 rows)');
    expect(imported.stdout).toMatch(/^features "width", "height", "\(intercept\)"$/m);
    expect(imported.stdout).toMatch(
      /^read with .* --missing mean --positive b --standardize --intercept --shuffle 2$/m,
    );
    await comesBack("table", "table.csv");
    const { features } = manifestOf("table");
    const widths = table
      .slice(1)
      .flatMap((line) => (line.split(",")[1] === "" ? [] : [Number(line.split(",")[1])]));
    expect(features!.means![0]).toBeCloseTo(widths.reduce((sum, x) => sum + x, 0) / widths.length, 12);
  });
});
