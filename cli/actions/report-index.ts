/** `marina report` without a name: one page of all runs. */
import { type Engine, type RunOverview, runOverviews } from "../../client/index.ts";
import { type IndexedRun, importLines, runLine } from "../../report/index.ts";
import { MARINA } from "../../shared/base/index.ts";
import { readOptional } from "../../shared/cloud/index.ts";
import { type Manifest, parseManifest } from "../../shared/data/index.ts";
import { manifestKey } from "../../shared/protocol/index.ts";
import { identityOf } from "../output/figures.ts";
import { endText, knownOf } from "../output/run-list.ts";

const BITS_PER_MBIT = 1e6;

export async function indexedRuns(engine: Engine): Promise<IndexedRun[]> {
  const { live } = engine;
  const runs = await runOverviews(engine);
  const manifests = new Map(
    await Promise.all(
      [...new Set(runs.map(({ spec }) => spec.data))].map(
        async (data) => [data, await readOptional(live, manifestKey(data), parseManifest)] as const,
      ),
    ),
  );
  return runs.map((run) => indexed(run, manifests.get(run.spec.data)));
}

function indexed(overview: RunOverview, manifest: Manifest | undefined): IndexedRun {
  const { run, spec, createdAt } = overview;
  const { $schema: _schema, ...written } = spec;
  const { rounds, relative, bits, seconds, usd } = knownOf(overview);
  return {
    run,
    ...identityOf(spec),
    begun: createdAt,
    ended: endText(overview),
    rounds,
    relativeGradientNormSquared: relative,
    uplinkMbit: bits === null ? null : bits / BITS_PER_MBIT,
    seconds,
    usd,
    commands: [
      ["Look at it", `${MARINA} show ${run}\n${MARINA} report ${run} --out ${run}.html`],
      ["Make it again", [...importLines(spec.data, manifest), runLine(written)].join("\n")],
    ],
  };
}
