/** `marina scale`: another number of workers, or of participants, for a run that is under way. */

import { type EngineOptions, requestScale, type ScaleOptions, withEngine } from "../../client/index.ts";

export async function scale(run: string, options: EngineOptions & ScaleOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    console.log(await requestScale(engine, run, options));
  });
}
