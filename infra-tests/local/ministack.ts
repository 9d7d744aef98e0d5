/**
 * MiniStack: a light local cloud that deploys the stack unchanged and runs its functions as Node processes, no Docker
 * needed. As a program: starts it, deploys the stack, prints how to reach it, and stays until Ctrl-C.
 *
 *   node infra-tests/local/ministack.ts [--port N] [--help]
 */
import { fileURLToPath } from "node:url";
import { LOCAL_REGION, serverEnvironment } from "./environment.ts";
import { type LocalCloud, type StartOptions, startProcessCloud } from "./local-cloud.ts";
import { runProgram } from "./program.ts";
import { ensurePythonEnvironment, pythonOf } from "./python.ts";

const REQUIREMENTS = fileURLToPath(new URL("ministack-requirements.txt", import.meta.url));
const VERSION = "1.5.33";

/** Starts MiniStack on the loopback interface; installs it first when it isn't there. */
export async function start(options: StartOptions = {}): Promise<LocalCloud> {
  const { note = () => undefined } = options;
  const need = { purpose: `MiniStack ${VERSION}`, oldest: [3, 10] as const };
  const environment = await ensurePythonEnvironment("ministack", REQUIREMENTS, need, note);
  return startProcessCloud(
    {
      name: `MiniStack ${VERSION}`,
      key: "ministack",
      healthPath: "/_ministack/health",
      startSeconds: 60,
      // Its workers end with it, usually within 2 to 4 seconds.
      graceMilliseconds: 5000,
      program: (folder, port, { functionsEndpoint }) => ({
        path: pythonOf(environment),
        args: ["-m", "ministack"],
        environment: {
          ...serverEnvironment(folder),
          // It would listen on every interface otherwise.
          BIND_HOST: "127.0.0.1",
          GATEWAY_PORT: String(port),
          // The host in the queues' URLs.
          MINISTACK_HOST: "127.0.0.1",
          MINISTACK_REGION: LOCAL_REGION,
          AWS_DEFAULT_REGION: LOCAL_REGION,
          LAMBDA_EXECUTOR: "local",
          // Functions inherit it.
          AWS_ENDPOINT_URL: functionsEndpoint,
          LOG_LEVEL: "WARNING",
          // In memory only; these are where it would look for an earlier instance's state.
          S3_DATA_DIR: `${folder}/s3`,
          STATE_DIR: `${folder}/state`,
        },
      }),
    },
    options,
  );
}

if (import.meta.main) await runProgram({ program: "ministack.ts", about: "the stack on MiniStack", start });
