/** moto's server: S3 and SQS as a library for tests of AWS has them. Runs no functions. */
import { fileURLToPath } from "node:url";
import { LOCAL_REGION, serverEnvironment } from "./environment.ts";
import { type LocalCloud, type StartOptions, startProcessCloud } from "./local-cloud.ts";
import { ensurePythonEnvironment, pythonOf } from "./python.ts";

const REQUIREMENTS = fileURLToPath(new URL("moto-requirements.txt", import.meta.url));
const VERSION = "5.2.5";

/** Starts it on the loopback interface; installs it first when it isn't there, apart from MiniStack, whose botocore is older. */
export async function start(options: StartOptions = {}): Promise<LocalCloud> {
  const { note = () => undefined } = options;
  const need = { purpose: `moto ${VERSION}`, oldest: [3, 10] as const };
  const environment = await ensurePythonEnvironment("moto", REQUIREMENTS, need, note);
  return startProcessCloud(
    {
      name: `moto ${VERSION}`,
      key: "moto",
      healthPath: "/moto-api/",
      startSeconds: 60,
      graceMilliseconds: 2000,
      program: (folder, port) => ({
        path: pythonOf(environment),
        args: ["-m", "moto.server", "--host", "127.0.0.1", "--port", String(port)],
        environment: { ...serverEnvironment(folder), AWS_DEFAULT_REGION: LOCAL_REGION },
      }),
    },
    options,
  );
}
