/** `marina stop`: ends a run at its next round boundary. */
import { openEngine } from "../engines/open.ts";
import { findRun } from "../launch.ts";
import type { CommonOptions } from "../main.ts";

export async function stop(run: string, options: CommonOptions): Promise<void> {
  const engine = await openEngine(options);
  await findRun(engine.objects, run);
  await engine.requestStop(run);
  console.log(`asked ${run} to stop at its next round boundary; go on with: marina resume ${run}`);
}
