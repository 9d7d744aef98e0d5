/** `marina run`: a spec to its end. */
import {
  checkBound,
  createRun,
  findManifest,
  heldTo,
  isDeployed,
  oneClassRemark,
  readSpec,
  requireFit,
  withEngine,
} from "../../client/index.ts";
import { confirmRuns, driveRun, type RunOptions, reportEnd } from "./drive.ts";

interface SpecOptions extends RunOptions {
  readonly set?: readonly string[];
}

export async function runSpec(path: string, options: SpecOptions): Promise<void> {
  checkBound(options);
  const spec = heldTo(readSpec(path, options.set ?? []), options.maxUsd);
  await withEngine(options, async (engine) => {
    if (isDeployed(engine)) await requireFit(engine, spec);
    if (isDeployed(engine) && options.on === "aws") await confirmRuns(engine, [spec], options);
    if (options.maxUsd !== undefined) console.error(`bounded: stop.usd is ${spec.stop.usd}`);
    const { control } = await createRun(engine.objects, spec, engine.machineBytes);
    const manifest = await findManifest(engine.objects, spec.data);
    const remark = await oneClassRemark(engine.objects, manifest, spec);
    if (remark !== undefined) console.error(`${spec.data}: ${remark}`);
    reportEnd(engine, options, await driveRun(engine, spec, control));
  });
}
