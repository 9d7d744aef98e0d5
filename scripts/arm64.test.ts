import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "marina-arm64-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(process.arch === "arm64")(
  "trajectories on arm64 are left out in one line where no emulator can be had",
  () => {
    const stub = join(folder, "apt-get");
    writeFileSync(stub, "#!/bin/sh\nexit 100\n");
    chmodSync(stub, 0o755);
    const program = fileURLToPath(new URL("./arm64.js", import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [program, "--fast"], {
      encoding: "utf8",
      env: { PATH: folder },
    });
    expect(status).toBe(0);
    expect(stdout.trim().split("\n").at(-1)).toMatch(/^No arm64 here, emulated or not \(.+\): .*left out\.$/);
  },
);
