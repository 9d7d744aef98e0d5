/**
 * LocalStack 4.14.0, its last open release: the ordinary image where a Docker engine answers; else in host mode, as a
 * process, with an executor of ours that runs each function environment as a local process. As a program: starts it,
 * deploys the stack, prints how to reach it, and stays until Ctrl-C.
 *
 *   node infra-tests/local/localstack.ts [--port N] [--help]
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MarinaError } from "../../shared/base/errors.ts";
import { docker, dockerTrouble, followLogs } from "./docker.ts";
import { clientEnvironment, LOCAL_REGION, serverEnvironment } from "./environment.ts";
import { healthy, type LocalCloud, makeFolder, type StartOptions, startProcessCloud } from "./local-cloud.ts";
import { nodeFolder } from "./paths.ts";
import { freePort } from "./port.ts";
import { runProgram } from "./program.ts";
import { ensurePythonEnvironment, pythonOf } from "./python.ts";

const VERSION = "4.14.0";
/** Images built since 2026-03-23 want an account's token (LOCALSTACK_AUTH_TOKEN); this release does not. */
const IMAGE = `localstack/localstack:${VERSION}`;
const HEALTH_PATH = "/_localstack/health";
const FOLDER = fileURLToPath(new URL("../localstack/", import.meta.url));
/** Batches of one event source mapping handled at once in host mode; a mapping's own limit lowers it. */
const MAPPING_CONCURRENCY = 20;

export interface LocalStackOptions extends StartOptions {
  /** Default: docker where an engine answers. */
  readonly mode?: "docker" | "host";
  /** Host mode: leave LocalStack's event source mapping as it is, one batch at a time, as in the image. */
  readonly stockMapping?: boolean;
}

/** Starts LocalStack on the loopback interface; installs it first when it isn't there. */
export async function start(options: LocalStackOptions = {}): Promise<LocalCloud> {
  const { note = () => undefined } = options;
  const trouble = options.mode === "host" ? "host mode was asked for" : dockerTrouble();
  if (trouble === undefined) {
    note(`LocalStack ${VERSION}: a Docker engine answers, using the image ${IMAGE}`);
    return startContainer(options);
  }
  if (options.mode === "docker") {
    throw new MarinaError(
      "unavailable",
      `LocalStack in Docker: ${trouble}; start the engine, or leave out --docker for host mode`,
    );
  }
  note(`LocalStack ${VERSION}: host mode with the process executor (${trouble})`);
  return startProcess(options);
}

/** What both modes set: nothing is fetched or reported, and the queues' URLs name this machine. */
function settings(port: number): Readonly<Record<string, string>> {
  return {
    LOCALSTACK_HOST: `127.0.0.1:${port}`,
    SQS_ENDPOINT_STRATEGY: "path",
    DISABLE_EVENTS: "1",
    SKIP_SSL_CERT_DOWNLOAD: "1",
    // Shorter pauses of the event source mappings: the defaults cost seconds a round.
    LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: "0.01",
    LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC: "0.1",
  };
}

async function startProcess(options: LocalStackOptions): Promise<LocalCloud> {
  const { note = () => undefined, stockMapping = false } = options;
  // 3.11 starts, and then every S3 call fails: the release declares 3.10 but uses the syntax of 3.12.
  const need = { purpose: `LocalStack ${VERSION} in host mode`, oldest: [3, 12], newest: [3, 13] } as const;
  const environment = await ensurePythonEnvironment(
    "localstack",
    join(FOLDER, "requirements.txt"),
    need,
    note,
  );
  const command = [join(nodeFolder, "node"), join(FOLDER, "runtime-client.ts")];
  return startProcessCloud(
    {
      name: `LocalStack ${VERSION} (host mode)`,
      key: "localstack",
      healthPath: HEALTH_PATH,
      startSeconds: 120,
      // A friendly end takes it 10 to 21 seconds, for nothing: what it holds is in memory.
      graceMilliseconds: 0,
      program: (folder, port, { endpoint, functionsEndpoint }) => ({
        path: pythonOf(environment),
        args: ["-m", "localstack.runtime.main"],
        environment: {
          ...serverEnvironment(folder),
          ...settings(Number(new URL(endpoint).port)),
          GATEWAY_LISTEN: `127.0.0.1:${port}`,
          LAMBDA_PROCESS_ENDPOINT_URL: functionsEndpoint,
          DNS_ADDRESS: "0",
          // The plugin needs no installation: its folder holds the module and its entry points.
          PYTHONPATH: join(FOLDER, "plugin"),
          LAMBDA_RUNTIME_EXECUTOR: "process",
          LAMBDA_PROCESS_COMMAND: JSON.stringify(command),
          LAMBDA_PROCESS_MAPPING_CONCURRENCY: String(stockMapping ? 0 : MAPPING_CONCURRENCY),
        },
      }),
    },
    options,
  );
}

/** A fresh machine has to fetch the image first; that is the pull's time, not the start's. */
const CONTAINER_START_SECONDS = 120;
const CONTAINER_STOP_SECONDS = 10;

async function startContainer({
  port: asked,
  keep = false,
  note = () => undefined,
}: LocalStackOptions): Promise<LocalCloud> {
  const port = await freePort(asked);
  const folder = makeFolder("localstack");
  const logFile = join(folder, "log");
  const container = `marina-localstack-${port}`;
  const socket = "/var/run/docker.sock";
  const clean = () => {
    docker(["rm", "--force", "--volumes", container]);
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  if (docker(["images", "--quiet", IMAGE]) === "") {
    note(`fetching ${IMAGE} (once) ...`);
    docker(["pull", "--quiet", IMAGE]);
  }
  const started = performance.now();
  const variables = Object.entries({
    ...settings(port),
    DEFAULT_REGION: LOCAL_REGION,
    MAIN_CONTAINER_NAME: container,
  });
  docker([
    "run",
    "--detach",
    "--name",
    container,
    "--publish",
    `127.0.0.1:${port}:4566`,
    // Its functions run in containers that it starts itself.
    "--volume",
    `${socket}:${socket}`,
    ...variables.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    IMAGE,
  ]);
  followLogs(container, logFile);
  const ended = () => {
    const state = docker(["inspect", "--format", "{{.State.Status}}", container]);
    return state === "running" || state === "created"
      ? undefined
      : `the container is ${state}; see ${logFile}`;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await healthy(`LocalStack ${VERSION}`, `${endpoint}${HEALTH_PATH}`, CONTAINER_START_SECONDS, ended);
  } catch (error) {
    clean();
    throw error;
  }
  return {
    name: `LocalStack ${VERSION} (Docker)`,
    endpoint,
    region: LOCAL_REGION,
    env: clientEnvironment(endpoint),
    logFile,
    // The functions' containers can't reach an observer on this machine's loopback interface.
    requestLogFile: undefined,
    folder,
    processGroup: undefined,
    startMilliseconds: performance.now() - started,
    async stop() {
      // A friendly end first: it takes the functions' containers with it.
      docker(["stop", "--time", String(CONTAINER_STOP_SECONDS), container]);
      clean();
    },
  };
}

if (import.meta.main) {
  await runProgram<Pick<LocalStackOptions, "mode" | "stockMapping">>({
    program: "localstack.ts",
    about: `the stack on LocalStack ${VERSION}`,
    start,
    switches: {
      docker: { help: "the image, or fail", option: { mode: "docker" } },
      host: { help: "host mode even where Docker is", option: { mode: "host" } },
      "stock-mapping": {
        help: "host mode: LocalStack's serial event source mapping",
        option: { stockMapping: true },
      },
    },
  });
}
