/** The Docker command line, as far as a LocalStack container needs it. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { MarinaError } from "../../shared/base/errors.ts";

/** A cold engine on a busy machine may think for a while. */
const QUESTION_MILLISECONDS = 15_000;

/** Why containers can't be run here, or undefined when an engine answers. */
export function dockerTrouble(): string | undefined {
  const { status, error, stderr } = spawnSync("docker", ["info", "--format", "{{.ServerVersion}}"], {
    encoding: "utf8",
    timeout: QUESTION_MILLISECONDS,
  });
  if (error !== undefined)
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "no docker command" : error.message;
  return status === 0 ? undefined : (stderr.trim().split("\n").at(-1) ?? "docker info failed");
}

/** What the command printed. @throws MarinaError "unavailable" with what it complained of. */
export function docker(args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync("docker", args, { encoding: "utf8" });
  if (error === undefined && status === 0) return stdout.trim();
  throw new MarinaError("unavailable", `docker ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
}

/** Copies what a container prints to a file, for as long as it runs. */
export function followLogs(container: string, logFile: string): void {
  const log = openSync(logFile, "a");
  const follower = spawn("docker", ["logs", "--follow", container], { stdio: ["ignore", log, log] });
  closeSync(log);
  // It ends with the container; nothing waits for it.
  follower.on("error", () => undefined);
  follower.unref();
}
