/** `marina data import` and `data show`, in processes of their own: files as people have them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
