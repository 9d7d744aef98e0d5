/** `marina run`: a spec to its end. */
import {
  adviceText,
  changeLabels,
  checkBound,
  checkLabels,
  configurationOf,
  constantsOfSpec,
  createRun,
  type Engine,
  findManifest,
  heldTo,
  isDeployed,
  type LabelChange,
  oneClassRemark,
  packingAdviceAfter,
  readSpec,
  requireFit,
  reuseText,
  stepTexts,
  withEngine,
  wrapped,
} from "../../client/index.ts";
import { problemForm } from "../../shared/data/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import { openProblem } from "../../shared/problems/index.ts";
import type { RunResult, RunSpec } from "../../shared/protocol/index.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { constantsText } from "../output/report.ts";
import { widthOf } from "../output/terminal.ts";
import { confirmRuns, driveRun, type RunOptions, reportEnd } from "./drive.ts";
import { confirmRounds } from "./run-length.ts";

interface SpecOptions extends RunOptions {
  readonly set?: readonly string[];
  readonly tag?: readonly string[];
  readonly note?: string;
  readonly explain?: boolean;
}

export async function runSpec(path: string, options: SpecOptions): Promise<void> {
  checkBound(options);
  const labels = labelsOf(options);
  const spec = heldTo(readSpec(path, options.set ?? []), options.maxUsd);
  await withEngine(options, async (engine) => {
    if (options.explain === true) return explain(engine, spec, options);
    if (isDeployed(engine)) await requireFit(engine, spec);
    if (isDeployed(engine) && options.on === "aws") await confirmRuns(engine, [spec], options);
    else await confirmRounds(engine, spec, options.yes);
    if (options.maxUsd !== undefined) console.error(`bounded: stop.usd is ${spec.stop.usd}`);
    const { control } = await createRun(engine.objects, spec, engine.machineBytes);
    if (labels !== undefined) await changeLabels(engine.objects, control.run, labels);
    const manifest = await findManifest(engine.objects, spec.data);
    const remark = await oneClassRemark(engine.objects, manifest, spec);
    if (remark !== undefined) console.error(`${spec.data}: ${remark}`);
    const ended = await driveRun(engine, spec, control);
    reportEnd(engine, options, ended);
    if (engine.predicts && ended.result.status === "done") await advise(engine, spec, ended.result);
  });
}

/** @throws MarinaError "usage" */
function labelsOf({ tag: tags = [], note }: SpecOptions): LabelChange | undefined {
  if (tags.length === 0 && note === undefined) return undefined;
  const labels = { tags, ...(note === undefined ? {} : { note }) };
  checkLabels(labels);
  return labels;
}

/** Where dollars and seconds are predicted this says after the run what is said on AWS before it. */
async function advise(engine: Engine, spec: RunSpec, result: RunResult): Promise<void> {
  const advice = await packingAdviceAfter(engine.objects, { ...result, spec }, configurationOf(engine));
  if (advice !== undefined) console.error(wrapped("packing: ", adviceText(advice), widthOf(process.stderr)));
}

/** The step size before anything is stored or spent, and what becomes of gradients where they are kept. */
async function explain({ objects }: Engine, spec: RunSpec, options: PrintOptions): Promise<void> {
  const constants = await constantsOfSpec(objects, spec);
  const lines = [methodLabel(spec.algorithm)];
  if (constants === undefined) lines.push(...stepTexts(spec, { stepSize: 0 }));
  else {
    const { stepSize, probability } = constants;
    lines.push(...stepTexts(spec, constants), `γ ${stepSize}, p ${probability}`, constantsText(constants));
  }
  const manifest = await findManifest(objects, spec.data);
  const problem = openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
  const reuse = reuseText(spec, manifest, problem);
  if (reuse !== undefined) lines.push(reuse);
  const method = methodLabel(spec.algorithm);
  print(options, { method, constants: constants ?? null, texts: lines.slice(1) }, () => lines.join("\n"));
}
