/** Which curves of a report stand for runs that would be cheaper or faster packed, or with fewer workers. */
import { adviceText, type CollectedRun, type ObjectReader, packingAdviceAfter } from "../client/index.ts";
import type { ServiceConfiguration } from "../embedded/index.ts";
import type { ReportData } from "./report-data.ts";

/** Runs of one curve differ in their seed only: one of them is tried for all. */
export async function adviceOn(
  { series }: Pick<ReportData, "series">,
  runs: readonly CollectedRun[],
  objects: ObjectReader,
  configuration: ServiceConfiguration,
): Promise<ReportData["advice"]> {
  const advice: { series: string; text: string }[] = [];
  for (const { name, runs: members } of series) {
    const ended = runs.find(
      ({ stored, result }) => members.includes(stored.run) && result?.status === "done",
    );
    // Without its data nothing can be tried.
    if (ended?.result === undefined || ended.manifest?.object.sha256 !== ended.stored.data.sha256) continue;
    const better = await packingAdviceAfter(
      objects,
      { ...ended.result, spec: ended.stored.spec },
      configuration,
    );
    if (better !== undefined) advice.push({ series: name, text: adviceText(better) });
  }
  return advice;
}
