/** `marina data show`. */
import {
  type Engine,
  type EngineOptions,
  findManifest,
  remarkOn,
  table,
  withEngine,
} from "../../client/index.ts";
import { short } from "../../shared/base/index.ts";
import { type LabelCounts, labelsByWorker, type Manifest, partition } from "../../shared/data/index.ts";
import { dataFigures, describeData } from "../output/data-set.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { onOutput, widthOf } from "../output/terminal.ts";

interface ShowOptions extends EngineOptions, PrintOptions {
  readonly workers?: number;
}

export async function show(name: string, options: ShowOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    const manifest = await findManifest(engine.live, name);
    const split =
      options.workers === undefined ? undefined : await splitOf(engine, manifest, options.workers);
    const figures = { ...dataFigures(manifest), ...(split === undefined ? {} : { split }) };
    print(options, figures, () =>
      [
        `${describeData(manifest, widthOf())}\nstored as ${engine.locate(manifest.object.key)}`,
        ...(split === undefined ? [] : splitTexts(manifest, split)),
      ].join("\n"),
    );
  });
}

/** How the rows would be shared out among so many workers. */
interface Split {
  readonly byRemainder: readonly {
    readonly remainder: "spread" | "drop";
    readonly leastRows: number;
    readonly mostRows: number;
    readonly unusedRows: number;
  }[];
  /** Where what is left over is spread. */
  readonly workers: readonly LabelCounts[];
}

async function splitOf(engine: Engine, manifest: Manifest, workers: number): Promise<Split> {
  const byRemainder = (["spread", "drop"] as const).map((remainder) => {
    const counts = partition(manifest.rows, workers, remainder).map(({ count }) => count);
    const used = counts.reduce((sum, count) => sum + count, 0);
    return {
      remainder,
      leastRows: Math.min(...counts),
      mostRows: Math.max(...counts),
      unusedRows: manifest.rows - used,
    };
  });
  return { byRemainder, workers: await labelsByWorker(engine.objects, manifest, workers, "spread") };
}

function splitTexts(manifest: Manifest, { byRemainder, workers }: Split): string[] {
  const remark = remarkOn(manifest, workers);
  return [
    ...byRemainder.map(({ remainder, leastRows, mostRows, unusedRows }) => {
      const each = leastRows === mostRows ? `${leastRows}` : `${leastRows} to ${mostRows}`;
      return `${workers.length} workers, remainder ${remainder}: ${each} rows each, ${unusedRows} rows unused`;
    }),
    `\n${workersTable(manifest, workers)}`,
    ...(remark === undefined ? [] : [`\n${remark}`]),
  ];
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
    onOutput(),
  );
  const more = workers.length - SHOWN_WORKERS;
  return more > 0 ? `${shown}\nand ${more.toLocaleString("en-US")} more` : shown;
}
