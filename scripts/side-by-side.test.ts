import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "marina-side-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Program {
  readonly title: string;
  readonly args: readonly string[];
}

function runAll(programs: readonly Program[]): {
  readonly status: number | null;
  readonly signal: string | null;
  readonly lines: string[];
} {
  const module = new URL("./side-by-side.js", import.meta.url).href;
  const code = `import { runSideBySide } from ${JSON.stringify(module)};
    await runSideBySide(${JSON.stringify(programs)}); console.log("all well");`;
  const { status, signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
    encoding: "utf8",
  });
  return { status, signal, lines: stdout.split("\n").filter((line) => line !== "") };
}

const program = (title: string, code: string): Program => ({ title, args: ["--eval", code] });
/** Goes on when the file is there. */
const until = (file: string): string =>
  `while (!require("node:fs").existsSync(${JSON.stringify(join(folder, file))})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);`;
const write = (file: string): string =>
  `require("node:fs").writeFileSync(${JSON.stringify(join(folder, file))}, "");`;
const UNTIMED = /in \d+ s$/;

describe("programs side by side", () => {
  it("run at one time, and are told of one after the other", () => {
    const { status, lines } = runAll([
      program("first", `${write("first")} ${until("second")} console.log("1")`),
      program("second", `${until("first")} console.log("2"); ${write("second")}`),
    ]);
    expect(status).toBe(0);
    expect(lines.map((line) => line.replace(UNTIMED, ""))).toEqual([
      "== first",
      "1",
      "-- first: passed ",
      "== second",
      "2",
      "-- second: passed ",
      "all well",
    ]);
  });

  it("all come to their end, and any that fails is a failure of all", () => {
    const { status, lines } = runAll([
      program("bad", "process.exitCode = 3"),
      program("good", `console.error("done")`),
    ]);
    expect(status).toBe(1);
    expect(lines.map((line) => line.replace(UNTIMED, ""))).toEqual([
      "== bad",
      "-- bad: failed (exit 3) ",
      "== good",
      "done",
      "-- good: passed ",
    ]);
  });

  it("end by the signal that has ended one of them", () => {
    const { signal } = runAll([program("stopped", `process.kill(process.pid, "SIGINT")`)]);
    expect(signal).toBe("SIGINT");
  });
});
