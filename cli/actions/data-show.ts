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
/** Of classes: a column each. */
const SHOWN_CLASS_COLUMNS = 10;

/** What each worker sees of the labels. */
function workersTable({ labels }: Manifest, workers: readonly LabelCounts[]): string {
  const binary = labels.kind === "binary";
  const classes = labels.kind === "classes" ? labels.names : [];
  const shownClasses = classes.slice(0, SHOWN_CLASS_COLUMNS);
  const otherClasses = classes.length > shownClasses.length ? ["others"] : [];
  const headers = [
    "worker",
    "rows",
    ...(binary ? ["+1", "-1", "share of +1"] : labels.kind === "real" ? ["mean label"] : ["classes"]),
    ...shownClasses,
    ...otherClasses,
  ];
  const rows = workers.slice(0, SHOWN_WORKERS).map(({ rows, positives, mean, classes: counts }, worker) => {
    const own = [String(worker), rows.toLocaleString("en-US")];
    if (binary) {
      const share = `${((100 * positives) / rows).toFixed(1)} %`;
      return [...own, positives.toLocaleString("en-US"), (rows - positives).toLocaleString("en-US"), share];
    }
    if (labels.kind === "real") return [...own, short(mean)];
    const rest = counts.slice(shownClasses.length).reduce((sum, count) => sum + count, 0);
    return [
      ...own,
      String(counts.filter((count) => count > 0).length),
      ...counts.slice(0, shownClasses.length).map((count) => count.toLocaleString("en-US")),
      ...(otherClasses.length > 0 ? [rest.toLocaleString("en-US")] : []),
    ];
  });
  const shown = table(
    headers.map((header) => [header, "right"] as const),
    rows,
  );
  const more = workers.length - SHOWN_WORKERS;
  return more > 0 ? `${shown}\nand ${more.toLocaleString("en-US")} more` : shown;
}
