/** Workers that see one class only: as different from one another as workers can be, mostly since a file is sorted. */
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { type LabelCounts, labelsByWorker, type Manifest } from "../../shared/data/index.ts";
import { type RunSpec, workersAsked } from "../../shared/protocol/index.ts";

/** Labels of more rows are not read for a remark: on a stack they travel. `marina data show --workers` reads them. */
const MOST_ROWS = 4 * 1024 * 1024;

/** What is to be said of a run's workers, in one line; nothing where each sees more than one class. */
export async function oneClassRemark(
  objects: Pick<ObjectStore, "get">,
  manifest: Manifest,
  { workers, remainder }: Pick<RunSpec, "workers" | "remainder">,
): Promise<string | undefined> {
  if (manifest.labels.kind === "real" || manifest.rows > MOST_ROWS) return undefined;
  for (const n of new Set(workersAsked(workers))) {
    const remark = remarkOn(manifest, await labelsByWorker(objects, manifest, n, remainder));
    if (remark !== undefined) return remark;
  }
  return undefined;
}

/** The same of labels that are known. */
export function remarkOn(manifest: Manifest, workers: readonly LabelCounts[]): string | undefined {
  const { labels } = manifest;
  if (labels.kind === "real" || workers.length === 1) return undefined;
  const those = workers.filter(({ rows, positives, classes }) =>
    labels.kind === "binary" ? positives === 0 || positives === rows : classes.includes(rows),
  ).length;
  if (those === 0) return undefined;
  const n = workers.length;
  const what = `${those} of ${n} workers ${those === 1 ? "sees" : "see"} one class only`;
  const counts = labels.kind === "binary" ? [labels.positives, labels.negatives] : labels.counts;
  const oneOf = (rows: number) => counts.reduce((sum, count) => sum + (count / manifest.rows) ** rows, 0);
  const shuffled = workers.reduce((sum, { rows }) => sum + oneOf(rows), 0);
  // Three standard deviations of a Poisson variable.
  if (those <= shuffled + 3 * Math.sqrt(shuffled)) {
    return `${what}: so few rows a worker, or of a class, that it is so in any order; fewer workers see ${labels.kind === "binary" ? "both" : "more"}`;
  }
  const heterogeneous = "their functions differ as much as can be, which costs rounds";
  switch (manifest.reading?.order?.by) {
    case "label":
    case "dirichlet":
      return `${what}: ${heterogeneous}; it was imported so, with --shuffle SEED alone it is not`;
    default:
      return `${what}: ${heterogeneous}; a sorted file? marina data import --shuffle SEED mixes its rows`;
  }
}
