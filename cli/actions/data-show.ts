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
    onOutput(),
  );
  const more = workers.length - SHOWN_WORKERS;
  return more > 0 ? `${shown}\nand ${more.toLocaleString("en-US")} more` : shown;
}
