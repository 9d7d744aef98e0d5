/** `marina predict`: what a run's parameters say of each row of a data set, as CSV. */
import { type EngineOptions, predictions, type RowPrediction, withEngine } from "../../client/index.ts";
import { type CsvCell, csvLine } from "../../shared/base/index.ts";
import { writeFile } from "../output/new-file.ts";
import type { EvaluateFlags } from "./evaluate.ts";

interface PredictFlags extends EvaluateFlags, EngineOptions {
  readonly out: string;
  readonly force?: boolean;
}

export async function predictRows(run: string, options: PredictFlags): Promise<void> {
  const { data, at, out, force = false } = options;
  let rows = 0;
  await withEngine(options, async (engine) => {
    const found = predictions(engine.live, run, { at, ...(data === undefined ? {} : { data }) });
    await writeFile(
      out,
      lines(found, () => rows++),
      { force },
    );
  });
  console.log(`${out}: ${rows.toLocaleString("en-US")} rows`);
}

/** Rows at a time. */
const BATCH = 4096;

async function* lines(found: AsyncIterable<RowPrediction>, count: () => void): AsyncGenerator<string> {
  let columns: readonly (keyof RowPrediction)[] | undefined;
  let text: string[] = [];
  for await (const prediction of found) {
    // All rows of a data set have the same fields.
    if (columns === undefined) {
      columns = Object.keys(prediction) as (keyof RowPrediction)[];
      text.push(csvLine(columns));
    }
    text.push(csvLine(columns.map((column): CsvCell => prediction[column] ?? null)));
    count();
    if (text.length < BATCH) continue;
    yield text.join("");
    text = [];
  }
  yield text.join("");
}
