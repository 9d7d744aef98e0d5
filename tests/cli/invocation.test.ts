/** What we tell people to type can't bring a stranger's package onto their machines. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { MARINA } from "../../shared/base/invocation.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const elsewhere = mkdtempSync(join(tmpdir(), "marina-elsewhere-"));
const asked: string[] = [];
/** Stands for the registry: it has nothing. */
const registry = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.writeHead(404).end("{}");
});

beforeAll(() => new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve)));
afterAll(async () => {
  await new Promise((resolve) => registry.close(resolve));
  rmSync(elsewhere, { recursive: true, force: true });
});

function call(command: string, cwd: string): Promise<{ readonly code: number; readonly stdout: string }> {
  const env = {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
    npm_config_cache: join(elsewhere, "cache"),
    npm_config_fetch_retries: "0",
  };
  return new Promise((resolve) => {
    execFile("sh", ["-c", command], { cwd, env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    );
  });
}

it("the printed form runs the command in a checkout, fails elsewhere, and never asks the registry", async () => {
  expect(await call(`${MARINA} --version`, root)).toEqual({ code: 0, stdout: `${manifest.version}\n` });
  expect((await call(`${MARINA} --version`, elsewhere)).code).not.toBe(0);
  expect(asked).toEqual([]);
});

it("the registry that listens here would hear of a package runner", async () => {
  expect((await call("npx --no-install marina --version", elsewhere)).code).not.toBe(0);
  expect(asked).toContain("GET /marina");
}, 30_000);

it("no text and no program names another form", () => {
  const files = execFileSync("git", ["ls-files", "*.ts", "*.js", "*.md", "*.json"], {
    cwd: root,
    encoding: "utf8",
  })
    .trim()
    .split("\n")
    .filter((file) => file !== "tests/cli/invocation.test.ts" && existsSync(join(root, file)));
  const forms = /(npx|npm exec|npm x|pnpm dlx|yarn dlx|bunx)\s+(-\S+\s+)*marina\b/;
  expect(files.length).toBeGreaterThan(400);
  expect(files.filter((file) => forms.test(readFileSync(join(root, file), "utf8")))).toEqual([]);
});
