/** `marina report`: runs or a sweep as one page that can be sent, and as pictures and tables. */
import { type CollectedRun, collectRun, type EngineOptions, withEngine } from "../../client/index.ts";
import { DEFAULT_CONFIGURATION, replaceFile } from "../../embedded/index.ts";
import {
  adviceOn,
  buildReport,
  type ReportData,
  readSweepReport,
  reportPage,
  sweepFile,
  type TableRun,
  tableRuns,
  writeTables,
} from "../../report/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import { readOptional } from "../../shared/cloud/index.ts";
import { parseManifest } from "../../shared/data/index.ts";
import { manifestKey } from "../../shared/protocol/index.ts";
import { writingTo } from "../output/writing.ts";

export interface ReportOptions extends EngineOptions {
  readonly out: string;
  readonly title?: string;
  readonly png?: string;
  readonly svg?: string;
  readonly csv?: string;
}

export async function report(names: readonly string[], options: ReportOptions): Promise<void> {
  const { data, runs } = await collect(names, options);
  await writeReport(data, options.out);
  console.log(`${options.out}`);
  const { png, svg, csv } = options;
  if (png !== undefined || svg !== undefined) {
    const { writePictures } = await import("../../report/index.ts");
    if (png !== undefined)
      console.log(
        `${png}: ${await writingTo(`--png ${png}`, () => writePictures(data, png, "png"))} pictures`,
      );
    if (svg !== undefined)
      console.log(
        `${svg}: ${await writingTo(`--svg ${svg}`, () => writePictures(data, svg, "svg"))} pictures`,
      );
  }
  if (csv !== undefined) {
    console.log(
      `${csv}: ${(await writingTo(`--csv ${csv}`, () => writeTables(data, runs, csv))).join(", ")}`,
    );
  }
}

async function collect(
  names: readonly string[],
  options: ReportOptions,
): Promise<{ readonly data: ReportData; readonly runs: readonly TableRun[] }> {
  const sweep = names.map(sweepFile).find((file) => file !== undefined);
  const titled = (data: ReportData): ReportData => ({ ...data, title: options.title ?? data.title });
  if (sweep !== undefined) {
    if (names.length > 1) {
      throw new MarinaError(
        "usage",
        "report: expected one sweep, or any number of runs, not several at once",
      );
    }
    return withEngine(options, async (engine) => {
      const { data, runs } = await readSweepReport(sweep, (name) =>
        readOptional(engine.live, manifestKey(name), parseManifest),
      );
      return { data: titled(data), runs };
    });
  }
  return withEngine(options, async (engine) => {
    const runs: CollectedRun[] = [];
    for (const name of new Set(names)) runs.push(await collectRun(engine.live, name));
    const title = runs.length === 1 ? `Run ${names[0]}` : `${runs.length} runs`;
    const built = titled(buildReport(runs, { title, predicts: engine.predicts }));
    // A local cloud's seconds are this machine's.
    const configuration = options.on === "localstack" ? undefined : (engine.stack ?? DEFAULT_CONFIGURATION);
    const advice = configuration === undefined ? [] : await adviceOn(built, runs, engine.live, configuration);
    const data = { ...built, advice };
    return { data, runs: tableRuns(data, runs, engine.live) };
  });
}

/** @throws MarinaError "usage" when the file can't be written. */
export async function writeReport(data: ReportData, path: string): Promise<void> {
  const page = reportPage(data);
  await writingTo(`--out ${path}`, () => replaceFile(path, page));
}
