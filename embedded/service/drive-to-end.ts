/** Drives one run on an embedded service until its result is there. */
import { MarinaError, NOT_YET, waitFor } from "../../shared/base/index.ts";
import { type ControlMessage, decodeResult, type RunResult, resultKey } from "../../shared/protocol/index.ts";
import type { EmbeddedService } from "./service.ts";

/** Virtual milliseconds between looks for the result. */
const RESULT_INTERVAL = 1000;

/**
 * Sends the control message and lets virtual time pass.
 * @param lastWarning what the functions logged last, for the error when the aggregator gave up.
 * @throws MarinaError "unavailable" when the control message went to the dead letters.
 */
export async function driveToEnd(
  service: EmbeddedService,
  control: ControlMessage,
  lastWarning: () => string | undefined = () => undefined,
): Promise<RunResult> {
  await service.control(control);
  return service.cloud.run(untilResult(service, control, lastWarning));
}

function untilResult(
  { cloud, controlDeadLetters }: EmbeddedService,
  { run, tenure }: ControlMessage,
  lastWarning: () => string | undefined,
): Promise<RunResult> {
  const key = resultKey(run);
  return waitFor({
    look: async () => {
      if (cloud.exists(key)) {
        const result = decodeResult((await cloud.client.objects.get(key)).body, key);
        // One of an earlier ending may be there still, or again.
        if (result.tenure >= tenure) return result;
      }
      if (cloud.queue(controlDeadLetters).waiting === 0) return NOT_YET;
      throw new MarinaError(
        "unavailable",
        `run ${run}: the aggregator gave up; its last words: ${lastWarning() ?? "none"}`,
      );
    },
    pause: () => cloud.clock.sleep(RESULT_INTERVAL),
  });
}
