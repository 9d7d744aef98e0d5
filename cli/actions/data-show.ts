/** `marina data show`. */
import { type EngineOptions, findManifest, remarkOn, table, withEngine } from "../../client/index.ts";
import { short } from "../../shared/base/index.ts";
import { type LabelCounts, labelsByWorker, type Manifest, partition } from "../../shared/data/index.ts";
import { describeData } from "../output/data-set.ts";

export async function show(
  name: string,
  options: EngineOptions & { readonly workers?: number },
): Promise<void> {
  await withEngine(options, async (engine) => {
    const manifest = await findManifest(engine.live, name);
    console.log(`${describeData(manifest)}\nstored as ${engine.locate(manifest.object.key)}`);
    if (options.workers === undefined) return;
    for (const remainder of ["spread", "drop"] as const) {
      const counts = partition(manifest.rows, options.workers, remainder).map(({ count }) => count);
      const used = counts.reduce((sum, count) => sum + count, 0);
      const [least, most] = [Math.min(...counts), Math.max(...counts)];
      const each = least === most ? `${least}` : `${least} to ${most}`;
      console.log(
        `${options.workers} workers, remainder ${remainder}: ${each} rows each, ${manifest.rows - used} rows unused`,
      );
    }
    const workers = await labelsByWorker(engine.objects, manifest, options.workers, "spread");
    console.log(`\n${workersTable(manifest, workers)}`);
    const remark = remarkOn(manifest, workers);
    if (remark !== undefined) console.log(`\n${remark}`);
  });
}

const SHOWN_WORKERS = 100;

/** What each worker sees of the labels. */
function workersTable({ labels }: Manifest, workers: readonly LabelCounts[]): string {
  const binary = labels.kind === "binary";
  const headers = ["worker", "rows", ...(binary ? ["+1", "-1", "share of +1"] : ["mean label"])];
  const rows = workers
    .slice(0, SHOWN_WORKERS)
    .map(({ rows, positives, mean }, worker) => [
      String(worker),
      rows.toLocaleString("en-US"),
      ...(binary
        ? [
            positives.toLocaleString("en-US"),
            (rows - positives).toLocaleString("en-US"),
            `${((100 * positives) / rows).toFixed(1)} %`,
          ]
        : [short(mean)]),
    ]);
  const shown = table(
    headers.map((header) => [header, "right"] as const),
    rows,
  );
  const more = workers.length - SHOWN_WORKERS;
  return more > 0 ? `${shown}\nand ${more.toLocaleString("en-US")} more` : shown;
}
