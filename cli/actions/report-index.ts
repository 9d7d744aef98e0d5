/** `marina report` without a name: one page of all runs. */
import { statSync } from "node:fs";
import { type Engine, endedText, findRun, standingOf, stateWord } from "../../client/index.ts";
import { type IndexedRun, importLines, runLine } from "../../report/index.ts";
import { MARINA } from "../../shared/base/index.ts";
import { readOptional } from "../../shared/cloud/index.ts";
import { parseManifest } from "../../shared/data/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import { manifestKey, runsPrefix, specKey, workersText } from "../../shared/protocol/index.ts";

const BITS_PER_MBIT = 1e6;

export async function indexedRuns(engine: Engine): Promise<IndexedRun[]> {
  const keys = await engine.live.list(runsPrefix);
  const names = keys.filter((key) => key.endsWith("/spec.json")).map((key) => key.split("/")[1]!);
  const runs: IndexedRun[] = [];
  for (const name of names) runs.push(await indexed(engine, name));
  return runs;
}

async function indexed(engine: Engine, run: string): Promise<IndexedRun> {
  const { spec } = await findRun(engine.live, run);
  const { result, ...standing } = await standingOf(engine, run);
  const manifest = await readOptional(engine.live, manifestKey(spec.data), parseManifest);
  const { $schema: _schema, ...written } = spec;
  const about = {
    run,
    method: methodLabel(spec.algorithm),
    data: spec.data,
    workers: workersText(spec.workers),
    begun: await begunAt(engine, run),
    commands: [
      ["Look at it", `${MARINA} show ${run}\n${MARINA} report ${run} --out ${run}.html`],
      ["Make it again", [...importLines(spec.data, manifest), runLine(written)].join("\n")],
    ],
  } as const;
  if (result !== undefined) {
    return {
      ...about,
      ended: endedText(result),
      rounds: result.rounds,
      relativeGradientNormSquared: result.relativeGradientNormSquared,
      uplinkMbit: result.uplinkBitsPerWorker / BITS_PER_MBIT,
      seconds: result.seconds,
      usd: result.usd,
    };
  }
  const { liveness, checkpoint } = standing as Exclude<
    Awaited<ReturnType<typeof standingOf>>,
    { readonly result: object }
  >;
  const totals = checkpoint?.totals;
  return {
    ...about,
    ended: stateWord(liveness),
    rounds: checkpoint?.round ?? null,
    relativeGradientNormSquared: null,
    uplinkMbit: totals === undefined ? null : totals.uplinkBitsPerWorker / BITS_PER_MBIT,
    seconds: totals?.seconds ?? null,
    usd: checkpoint?.records.at(-1)?.usd ?? null,
  };
}

/** When its description was written: by the store's own date, as the run itself knows no calendar. */
async function begunAt(engine: Engine, run: string): Promise<number | null> {
  const key = specKey(run);
  if (engine.stack !== undefined) {
    const { lastModified } = await import("../../shared/cloud/aws/index.ts");
    return (await lastModified(engine.stack.bucket, key)) ?? null;
  }
  return statSync(engine.locate(key), { throwIfNoEntry: false })?.mtimeMs ?? null;
}
