/** A cloud on this machine: started, watched until it answers, stopped. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MarinaError } from "../../shared/base/errors.ts";
import { clientEnvironment, type Environment, LOCAL_REGION } from "./environment.ts";
import { nodeFolder } from "./paths.ts";
import { freePort } from "./port.ts";
import { type ProcessGroup, startGroup } from "./process-group.ts";
import { type Recorder, startRecorder } from "./recorder.ts";
import { lastLines } from "./run-command.ts";

export interface LocalCloud {
  /** e.g. "MiniStack 1.5.33" */
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
  /** What an AWS client needs to reach it. */
  readonly env: Environment;
  /** What the cloud itself prints. */
  readonly logFile: string;
  /** JSON lines of all requests that passed; undefined where nothing of ours stands before the cloud. */
  readonly requestLogFile: string | undefined;
  /** A folder of this cloud's own, for what belongs to it; goes when it stops. */
  readonly folder: string;
  /** The process group that holds the cloud and its functions' processes; undefined where they run in containers. */
  readonly processGroup: number | undefined;
  /** From the call to the first healthy answer. */
  readonly startMilliseconds: number;
  /** Ends it and all its functions; what it held is gone. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** Leave the folder with the log when it stops. */
  readonly keep?: boolean;
  /** Told what is going on. */
  readonly note?: (line: string) => void;
}

/** How to start one kind of cloud in a process of its own. */
export interface Recipe {
  readonly name: string;
  /** The same in one word, for folders. */
  readonly key: string;
  readonly healthPath: string;
  /** A healthy cloud takes a second or two; a busy machine much longer. */
  readonly startSeconds: number;
  /** How long a friendly end may take before it is ended by force. */
  readonly graceMilliseconds: number;
  /**
   * @param port where the cloud itself is to listen
   * @param doors of the observer before it: what clients and what functions are to call
   */
  program(
    folder: string,
    port: number,
    doors: Pick<Recorder, "endpoint" | "functionsEndpoint">,
  ): { readonly path: string; readonly args: readonly string[]; readonly environment: Environment };
}

/** @throws MarinaError "unavailable" when it ends or does not answer in time, with the last lines of its log. */
export async function startProcessCloud(
  recipe: Recipe,
  { port: asked, keep = false }: StartOptions,
): Promise<LocalCloud> {
  const started = performance.now();
  requireNode();
  const port = await freePort(asked);
  const folder = makeFolder(recipe.key);
  const logFile = join(folder, "log");
  const requestLogFile = join(folder, "requests.jsonl");
  const clean = () => {
    if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  let group: ProcessGroup | undefined;
  let recorder: Recorder | undefined;
  try {
    const cloudPort = await freePort();
    recorder = await startRecorder({ port, cloudPort, file: requestLogFile });
    const { endpoint } = recorder;
    const { path, args, environment } = recipe.program(folder, cloudPort, recorder);
    group = await startGroup(path, args, { environment, folder, logFile });
    const { ended, pid } = group;
    await healthy(recipe.name, `${endpoint}${recipe.healthPath}`, recipe.startSeconds, ended);
    const running = group;
    const observer = recorder;
    return {
      name: recipe.name,
      endpoint,
      region: LOCAL_REGION,
      env: clientEnvironment(endpoint),
      logFile,
      requestLogFile,
      folder,
      processGroup: pid,
      startMilliseconds: performance.now() - started,
      async stop() {
        await running.stop(recipe.graceMilliseconds);
        await observer.close();
        clean();
      },
    };
  } catch (error) {
    const said = existsSync(logFile) ? lastLines(readFileSync(logFile, "utf8")) : "";
    await group?.stop(0);
    await recorder?.close();
    clean();
    if (!(error instanceof MarinaError) || said === "") throw error;
    throw new MarinaError(error.code, `${error.message}; its last words:\n${said}`, { cause: error });
  }
}

function requireNode(): void {
  if (existsSync(join(nodeFolder, "node"))) return;
  throw new MarinaError(
    "unavailable",
    `expected the project's own Node in ${nodeFolder}; install the dependencies first: npm ci`,
  );
}

/** A temporary folder with room for a cloud's own temporary files. */
export function makeFolder(key: string): string {
  const folder = mkdtempSync(join(tmpdir(), `marina-${key}-`));
  mkdirSync(join(folder, "tmp"));
  mkdirSync(join(folder, "cache"));
  // Functions' start files are CommonJS; a package.json further up (a TMPDIR inside a project) must not say otherwise.
  writeFileSync(join(folder, "package.json"), '{"type":"commonjs"}\n');
  return folder;
}

const LOOK_MILLISECONDS = 50;

/** Waits for the first healthy answer. */
export async function healthy(
  name: string,
  url: string,
  seconds: number,
  ended: () => string | undefined,
): Promise<void> {
  const deadline = performance.now() + 1000 * seconds;
  let last = "no answer";
  while (performance.now() < deadline) {
    const end = ended();
    if (end !== undefined) throw new MarinaError("unavailable", `${name} ended while starting (${end})`);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await response.body?.cancel();
      if (response.ok) return;
      last = `status ${response.status}`;
    } catch {
      // Not listening yet.
    }
    await sleep(LOOK_MILLISECONDS);
  }
  throw new MarinaError(
    "unavailable",
    `${name}: expected a healthy answer of ${url} within ${seconds} s, got ${last}`,
  );
}
