/** `marina run`: a spec to its end. */
import {
  checkBound,
  constantsOfSpec,
  createRun,
  type Engine,
  findManifest,
  heldTo,
  isDeployed,
  oneClassRemark,
  readSpec,
  requireFit,
  stepTexts,
  withEngine,
} from "../../client/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import type { RunSpec } from "../../shared/protocol/index.ts";
import { constantsText } from "../output/report.ts";
import { confirmRuns, driveRun, type RunOptions, reportEnd } from "./drive.ts";

interface SpecOptions extends RunOptions {
  readonly set?: readonly string[];
  readonly explain?: boolean;
}

export async function runSpec(path: string, options: SpecOptions): Promise<void> {
  checkBound(options);
  const spec = heldTo(readSpec(path, options.set ?? []), options.maxUsd);
  await withEngine(options, async (engine) => {
    if (options.explain === true) return explain(engine, spec);
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

/** The step size before anything is stored or spent. */
async function explain({ objects }: Engine, spec: RunSpec): Promise<void> {
  const constants = await constantsOfSpec(objects, spec);
  const lines = [methodLabel(spec.algorithm)];
  if (constants === undefined) lines.push(...stepTexts(spec, { stepSize: 0 }));
  else {
    const { stepSize, probability } = constants;
    lines.push(...stepTexts(spec, constants), `γ ${stepSize}, p ${probability}`, constantsText(constants));
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}
