/** Runs every experiment of this folder, one after the other, and writes its tables and README anew. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { namedDataSets, runSweep } from "../cli/actions/sweep.ts";
import { MarinaError } from "../shared/base/index.ts";
import { createCellProgress } from "../sweep/cell-progress.ts";
import { writeRounds } from "../sweep/rounds-file.ts";
import { chosenOf, type Group } from "../sweep/summary.ts";
import { readSweep } from "../sweep/sweep-file.ts";
import { writeSweepFiles } from "../sweep/sweep-files.ts";
import type { SweepSpec } from "../sweep/sweep-spec.ts";
import { sweepMarkdown, sweepText } from "../sweep/sweep-table.ts";
import { drawCurves } from "./curves.ts";
import { importDataSets } from "./data-sets.ts";
import { drawLines } from "./lines.ts";
import { linesIn, rewrite, type SweepResult } from "./readme.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Rounds and dollars of a run in the quick form, which shows that everything works and not what it is worth. */
const QUICK_ROUNDS = 100;
const QUICK_USD = 5e-4;
const QUICK_WORKERS = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    home: { type: "string", default: join(process.env["MARINA_HOME"] ?? ".marina", "experiments") },
    jobs: { type: "string" },
  },
});

type Read = ReturnType<typeof readSweep>;

/** The same sweep with one seed and few rounds; the names of what is varied are kept. */
function quick({ sweep, base }: Read): Read {
  const spec = base as { readonly stop: { readonly rounds: number; readonly usd?: number } };
  const rounds = Math.min(QUICK_ROUNDS, spec.stop.rounds);
  const { usd } = spec.stop;
  const shorter = usd === undefined ? { rounds } : { rounds, usd: Math.min(QUICK_USD, usd) };
  const { grid, list, best } = sweep;
  const isSmall = (n: unknown): boolean => typeof n !== "number" || n <= QUICK_WORKERS;
  const workers = grid?.["workers"]?.filter(isSmall);
  return {
    sweep: {
      ...sweep,
      seeds: sweep.seeds.slice(0, 1),
      ...(grid === undefined ? {} : { grid: workers === undefined ? grid : { ...grid, workers } }),
      ...(list === undefined
        ? {}
        : {
            list: list.filter(({ set }) => isSmall(set["workers"])).map((entry) => quickEntry(entry, rounds)),
          }),
      ...(best?.confirmSeeds === undefined
        ? {}
        : { best: { ...best, confirmSeeds: best.confirmSeeds.slice(0, 1) } }),
    },
    base: { ...spec, stop: { ...spec.stop, ...shorter } },
  };
}

type Entry = NonNullable<SweepSpec["list"]>[number];

function quickEntry({ seeds: _, set, ...rest }: Entry, rounds: number): Entry {
  return { ...rest, set: "stop.rounds" in set ? { ...set, "stop.rounds": rounds } : set };
}

/** Everything that a sweep has given, for whoever wants more than the README says. */
function markdown({ sweep, groups }: SweepResult): string {
  const own = groups.filter(({ confirms }) => !confirms);
  const { best } = sweep;
  const how = best?.confirmSeeds === undefined ? "" : `, with the seeds ${best.confirmSeeds.join(", ")}`;
  return [
    "<!-- Written by `npm run experiments`. -->",
    "Medians over the seeds (quartiles); seconds and dollars are the embedded cloud's prediction for AWS, us-east-1, arm64. A dash: the accuracy was not reached. `*`: on the front of dollars against seconds.",
    ...(best === undefined
      ? []
      : [
          `Best by ${best.by} over ${best.over.join(", ")}${how}:`,
          sweepMarkdown(chosenOf(groups, best)),
          "All:",
        ]),
    sweepMarkdown(own),
    "",
  ].join("\n\n");
}

/** "sweep.json" is the sweep; "by-workers.sweep.json" is by-workers, and its table by-workers.table.md. */
function sweepsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file === "sweep.json" || file.endsWith(".sweep.json"))
    .map((file) => (file === "sweep.json" ? "sweep" : file.slice(0, -".sweep.json".length)))
    .sort();
}

async function runExperiment(name: string): Promise<void> {
  const folder = join(HERE, name);
  const sweeps = new Map<string, SweepResult>();
  const folders = new Map<string, string>();
  for (const stem of sweepsOf(folder)) {
    const from = performance.now();
    const whole = readSweep(join(folder, stem === "sweep" ? "sweep.json" : `${stem}.sweep.json`));
    const read = values.quick ? quick(whole) : whole;
    await importDataSets(namedDataSets(read.sweep, read.base), values.home);
    const title = stem === "sweep" ? name : `${name}, ${stem}`;
    const progress = createCellProgress(title, process.stderr);
    const jobs = values.jobs === undefined ? undefined : Number(values.jobs);
    const { finished, groups, rounds } = await runSweep(read, { home: values.home, jobs, progress });
    const out = join(values.home, "sweeps", read.sweep.name);
    writeSweepFiles(out, finished, groups);
    await writeRounds(out, finished, rounds);
    const result: SweepResult = { sweep: read.sweep, groups };
    sweeps.set(stem, result);
    folders.set(stem, out);
    if (!values.quick) {
      writeFileSync(join(folder, stem === "sweep" ? "table.md" : `${stem}.table.md`), markdown(result));
    }
    console.log(`\n${title}\n${sweepText(own(groups))}\n${secondsSince(from)} s; files: ${out}`);
  }
  const readme = join(folder, "README.md");
  if (values.quick || !existsSync(readme)) return;
  const text = readFileSync(readme, "utf8");
  await drawLines(linesIn(text, sweeps, `${name}/README.md`), folder);
  await drawCurves(text, sweeps, { name: `${name}/README.md`, folder, resultsOf: folders });
  writeFileSync(readme, rewrite(text, sweeps, `${name}/README.md`));
}

function own(groups: readonly Group[]): Group[] {
  return groups.filter(({ confirms }) => !confirms);
}

function secondsSince(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(0);
}

async function runAll(): Promise<void> {
  const started = performance.now();
  const names = readdirSync(HERE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && sweepsOf(join(HERE, entry.name)).length > 0)
    .map(({ name }) => name)
    .filter((name) => positionals.length === 0 || positionals.includes(name))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (names.length === 0) {
    throw new MarinaError("usage", `experiments: none is called ${positionals.join(", ")}`);
  }
  for (const name of names) await runExperiment(name);
  console.log(`\nall in ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
}

try {
  await runAll();
} catch (error) {
  if (!(error instanceof MarinaError)) throw error;
  console.error(error.message);
  process.exitCode = error.code === "usage" ? 2 : 1;
}
