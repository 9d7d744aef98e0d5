/** `marina scale`: another number of workers, or of participants, for a run that is under way. */

import { type EngineOptions, requestScale, type ScaleOptions, withEngine } from "../../client/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

export async function scale(
  run: string,
  options: EngineOptions & PrintOptions & ScaleOptions,
): Promise<void> {
  await withEngine(options, async (engine) => {
    const text = await requestScale(engine, run, options);
    const { workers = null, participants = null, now = false } = options;
    print(options, { run, asked: "scale", workers, participants, now }, () => text);
  });
}
