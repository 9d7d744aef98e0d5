import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "marina-chromium-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const module = new URL("./chromium.js", import.meta.url).href;
const canInstall =
  process.getuid?.() === 0 &&
  process.platform === "linux" &&
  /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));

/** Runs it with an apt-get that writes down what it was asked for and answers with these exit codes, one after the other. */
function ensure(places: readonly string[], codes: readonly number[]) {
  const log = join(folder, "asked");
  writeFileSync(log, "");
  const stub = join(folder, "apt-get");
  const answers = codes.map((code, i) => `${i + 1}) exit ${code};;`).join(" ");
  writeFileSync(
    stub,
    `#!/bin/sh\necho "$@" >> "${log}"\ncase $(grep -c "" "${log}") in ${answers} esac\nexit 9\n`,
  );
  chmodSync(stub, 0o755);
  const program = `import(${JSON.stringify(module)}).then((it) => it.ensureChromium(${JSON.stringify(places)}))`;
  const { status, stdout } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    env: { PATH: `${folder}:/usr/bin:/bin` },
  });
  return { status, said: stdout.trim(), asked: readFileSync(log, "utf8").trim().split("\n") };
}

describe("Chromium for the tests", () => {
  it("is not asked for where it is", () => {
    expect(ensure(["/nowhere/chromium", "/bin/sh"], [])).toEqual({ status: 0, said: "", asked: [""] });
  });

  it.runIf(canInstall)("is installed where it is missing", () => {
    const { status, said, asked } = ensure(["/nowhere/chromium"], [0]);
    expect([status, asked]).toEqual([0, ["install -y --no-install-recommends chromium"]]);
    expect(said).toMatch(/^Installing Chromium .*\nInstalled in \d+ s\.$/);
  });

  it.runIf(canInstall)("is tried once more with new lists of packages, and then given up in one line", () => {
    const { status, said, asked } = ensure(["/nowhere/chromium"], [100, 0, 100]);
    expect(asked.map((line) => line.split(" ")[0])).toEqual(["install", "update", "install"]);
    expect(status).toBe(0);
    expect(said.split("\n").at(-1)).toBe(
      "No Chromium here, and not installed (apt-get could not install chromium): the pages' tests in a browser are left out.",
    );
  });

  it.skipIf(canInstall)("is said to be missing in one line where it can't be installed", () => {
    const { status, said, asked } = ensure(["/nowhere/chromium"], []);
    expect([status, asked]).toEqual([0, [""]]);
    expect(said).toMatch(/^No Chromium here, and not installed \(.*\).*left out\.$/);
  });
});
