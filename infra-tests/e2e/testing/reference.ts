/** What a run must come to: the same handlers on the embedded cloud, on a perfect network. */

import { createRun } from "../../../cli/launch.ts";
import { createEmbeddedService } from "../../../embedded/service.ts";
import { MarinaError } from "../../../shared/math/errors.ts";
import { resultKey } from "../../../shared/protocol/keys.ts";
import { decodeResult, type RunResult } from "../../../shared/protocol/result.ts";
import type { RunSpec } from "../../../shared/protocol/spec.ts";
import { importMushrooms } from "./service.ts";

/** Virtual milliseconds between looks. */
const LOOK_MILLISECONDS = 1000;

export async function embeddedResult(spec: RunSpec): Promise<RunResult> {
  const { cloud, control: send } = createEmbeddedService({ seed: 1, latencies: "none" });
  const { objects } = cloud.client;
  await importMushrooms(objects, spec.data);
  const { run, control } = await createRun(objects, spec);
  await send(control);
  const key = resultKey(run);
  const result = async (): Promise<RunResult> => {
    for (;;) {
      try {
        return decodeResult((await objects.get(key)).body, key);
      } catch (error) {
        if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
      }
      await cloud.clock.sleep(LOOK_MILLISECONDS);
    }
  };
  return cloud.run(result());
}
