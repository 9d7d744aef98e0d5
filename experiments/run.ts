/** Runs every experiment of this folder, one after the other, and writes its table beside it. */
import { createReadStream, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runSweep } from "../cli/commands/sweep.ts";
import { EmbeddedEngine } from "../cli/engines/embedded.ts";
import { datasetNames } from "../cli/launch.ts";
import { createCellProgress } from "../cli/sweep/cell-progress.ts";
import { bestOf, type Group } from "../cli/sweep/summary.ts";
import { readSweep } from "../cli/sweep/sweep-file.ts";
import { writeSweepFiles } from "../cli/sweep/sweep-files.ts";
import type { SweepSpec } from "../cli/sweep/sweep-spec.ts";
import { sweepMarkdown, sweepText } from "../cli/sweep/sweep-table.ts";
import { importLibsvm } from "../shared/data/import.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const DATA = ["mushrooms", "a9a", "w8a"];
/** Rounds of a run in the quick form, which shows that everything works and not what it is worth. */
const QUICK_ROUNDS = 100;
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

/** The same sweep with one seed and few rounds. */
function quick({ sweep, base }: Read): Read {
  const spec = base as { readonly stop: { readonly rounds: number } };
  const rounds = Math.min(QUICK_ROUNDS, spec.stop.rounds);
  const { grid } = sweep;
  const workers = grid?.["workers"]?.filter((n) => Number(n) <= QUICK_WORKERS);
  return {
    sweep: {
      ...sweep,
      seeds: sweep.seeds.slice(0, 1),
      ...(grid === undefined ? {} : { grid: workers === undefined ? grid : { ...grid, workers } }),
    },
    base: { ...spec, stop: { ...spec.stop, rounds } },
  };
}

async function importData(home: string): Promise<void> {
  const engine = new EmbeddedEngine(home);
  try {
    const known = await datasetNames(engine.objects);
    for (const name of DATA.filter((wanted) => !known.includes(wanted))) {
      const sourceName = `${name}.gz`;
      const source = createReadStream(join(HERE, "data", sourceName));
      await importLibsvm(source, { name, sourceName, labels: "binary", objects: engine.objects });
    }
  } finally {
    await engine.close();
  }
}

function markdown(sweep: SweepSpec, groups: readonly Group[]): string {
  const chosen =
    sweep.best === undefined
      ? undefined
      : bestOf(groups, sweep.best.over, sweep.best.by, sweep.best.lossWithin);
  return [
    "<!-- Written by `npm run experiments`. -->",
    "Medians over the seeds (quartiles); seconds and dollars are the embedded cloud's prediction for AWS, us-east-1, arm64. A dash: the accuracy was not reached. `*`: on the front of dollars against seconds.",
    ...(chosen === undefined
      ? []
      : [`Best by ${sweep.best?.by} over ${sweep.best?.over.join(", ")}:`, sweepMarkdown(chosen), "All:"]),
    sweepMarkdown(groups),
    "",
  ].join("\n\n");
}

const started = performance.now();
await importData(values.home);
const names = readdirSync(HERE, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith("sweep.json"))
  .map((path) => path.slice(0, -"/sweep.json".length))
  .filter((name) => positionals.length === 0 || positionals.includes(name))
  .sort();
if (names.length === 0) {
  console.error(`experiments: none is called ${positionals.join(", ")}`);
  process.exit(2);
}
for (const name of names) {
  const from = performance.now();
  const whole = readSweep(join(HERE, name, "sweep.json"));
  const read = values.quick ? quick(whole) : whole;
  const progress = createCellProgress(name, process.stderr);
  const jobs = values.jobs === undefined ? undefined : Number(values.jobs);
  const { finished, groups } = await runSweep(read, { home: values.home, jobs, progress });
  const folder = join(values.home, "sweeps", read.sweep.name);
  writeSweepFiles(folder, finished, groups);
  if (!values.quick) writeFileSync(join(HERE, name, "table.md"), markdown(read.sweep, groups));
  console.log(
    `\n${name}\n${sweepText(groups)}\n${((performance.now() - from) / 1000).toFixed(0)} s; files: ${folder}`,
  );
}
console.log(`\nall in ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
