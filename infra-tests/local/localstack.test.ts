/** LocalStack in Docker, with a stand-in for the docker command: which commands it is given, and in what order. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { start } from "./localstack.ts";
import { nodeFolder } from "./paths.ts";

let folder: string;

/** Writes its arguments down; "run" starts a server on the published port that answers health checks until "rm". */
const STAND_IN = `#!${join(nodeFolder, "node")}
const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { spawn } = require("node:child_process");
const folder = process.env.STAND_IN_FOLDER, args = process.argv.slice(2), pid = folder + "/pid";
appendFileSync(folder + "/commands", JSON.stringify(args) + "\\n");
if (existsSync(folder + "/no-engine")) { console.error("Cannot connect to the Docker daemon"); process.exit(1); }
if (args[0] === "inspect") console.log(existsSync(folder + "/exits") ? "exited" : "running");
if (args[0] === "run" && !existsSync(folder + "/exits")) {
  const port = args[args.indexOf("--publish") + 1].split(":")[1];
  const server = "require('node:http').createServer((q, r) => { r.statusCode = q.url === '/_localstack/health' ? 200 : 404; r.end(); }).listen(" + port + ", '127.0.0.1')";
  const child = spawn(process.execPath, ["-e", server], { detached: true, stdio: "ignore" });
  writeFileSync(pid, String(child.pid));
  child.unref();
}
if (args[0] === "rm" && existsSync(pid)) { process.kill(Number(readFileSync(pid, "utf8"))); rmSync(pid); }
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "marina-docker-"));
  writeFileSync(join(folder, "docker"), STAND_IN);
  chmodSync(join(folder, "docker"), 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"] ?? ""}`);
  vi.stubEnv("STAND_IN_FOLDER", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function commands(): string[][] {
  return readFileSync(join(folder, "commands"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as string[]);
}

test("where a Docker engine answers, the pinned image is used, on the loopback interface", async () => {
  const notes: string[] = [];
  const cloud = await start({ note: (line) => notes.push(line) });
  const port = Number(new URL(cloud.endpoint).port);
  await cloud.stop();
  const container = `marina-localstack-${port}`;
  const given = commands();
  expect(given.map(([verb]) => verb)).toEqual(
    expect.arrayContaining(["info", "images", "pull", "run", "stop", "rm"]),
  );
  const run = given.find(([verb]) => verb === "run") ?? [];
  expect(run.at(-1)).toBe("localstack/localstack:4.14.0");
  expect(run).toEqual(
    expect.arrayContaining([`127.0.0.1:${port}:4566`, container, `LOCALSTACK_HOST=127.0.0.1:${port}`]),
  );
  expect(given.at(-1)).toEqual(["rm", "--force", "--volumes", container]);
  expect(notes[0]).toContain("a Docker engine answers");
  expect(cloud.processGroup).toBeUndefined();
  expect(existsSync(cloud.folder)).toBe(false);
});

test("a container that ends while starting is removed, and the error says so", async () => {
  writeFileSync(join(folder, "exits"), "");
  await expect(start()).rejects.toThrow(/LocalStack 4\.14\.0 ended while starting \(the container is exited/);
  // Beside it the container's output was read, by a process that may note so later.
  expect(
    commands()
      .filter(([command]) => command !== "logs")
      .at(-1)?.[0],
  ).toBe("rm");
});

test("Docker that was asked for but does not answer is an error that says why", async () => {
  writeFileSync(join(folder, "no-engine"), "");
  await expect(start({ mode: "docker" })).rejects.toThrow(
    "LocalStack in Docker: Cannot connect to the Docker daemon; start the engine, or leave out --docker for host mode",
  );
});
