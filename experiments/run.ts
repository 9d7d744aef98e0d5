/** Runs every experiment of this folder, one after the other, and writes its tables and README anew. */
import { createReadStream, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { runSweep } from "../cli/actions/sweep.ts";
import { EmbeddedEngine } from "../client/engines/embedded.ts";
import { datasetNames } from "../client/find.ts";
import { DIGITS, importDigits } from "../client/import/digits.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { createCellProgress } from "../sweep/cell-progress.ts";
import { writeRounds } from "../sweep/rounds-file.ts";
import { chosenOf, type Group } from "../sweep/summary.ts";
import { readSweep } from "../sweep/sweep-file.ts";
import { writeSweepFiles } from "../sweep/sweep-files.ts";
import type { SweepSpec } from "../sweep/sweep-spec.ts";
import { sweepMarkdown, sweepText } from "../sweep/sweep-table.ts";
import { rewrite, type SweepResult } from "./readme.ts";
import { hashedRows } from "./text.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const DATA = ["mushrooms", "a9a", "w8a"];
/** The same rows, sorted by label: the workers' losses are as different as labels can make them. */
const SORTED = ["mushrooms", "a9a"];
const DIGITS_SORTED = "digits-sorted";
/** And in random order: every worker's rows are a sample of all. */
const SHUFFLED = "mushrooms-shuffled";
const UNEQUAL = ["mushrooms-unequal"];
/** The same sentences, hashed to so many features. */
const TEXT = [7, 10, 13, 17, 20].map((bits) => 2 ** bits);
/** Shards of that data set, and by what the rows of some of them are multiplied. */
const SHARDS = 20;
const LARGE = new Map([
  [3, 4],
  [11, 3],
]);

/** mushrooms in shards of unequal norms: with 20 workers and the remainder dropped, two have rows that are larger. */
function unequalShards(text: string): string {
  const lines = text.split("\n").filter((line) => line !== "");
  const each = Math.floor(lines.length / SHARDS);
  const scaled = lines.map((line, row) => {
    const factor = LARGE.get(Math.floor(row / each));
    return factor === undefined ? line : line.replaceAll(/:1(?= |$)/g, `:${factor}`);
  });
  return `${scaled.join("\n")}\n`;
}

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

/** The same sweep with one seed and few rounds; the names of what is varied are kept. */
function quick({ sweep, base }: Read): Read {
  const spec = base as { readonly stop: { readonly rounds: number } };
  const rounds = Math.min(QUICK_ROUNDS, spec.stop.rounds);
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
    base: { ...spec, stop: { ...spec.stop, rounds } },
  };
}

type Entry = NonNullable<SweepSpec["list"]>[number];

function quickEntry({ seeds: _, set, ...rest }: Entry, rounds: number): Entry {
  return { ...rest, set: "stop.rounds" in set ? { ...set, "stop.rounds": rounds } : set };
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
    const ordered = [
      ...SORTED.map((of) => ({ of, name: `${of}-sorted`, order: { by: "label" } as const })),
      { of: "mushrooms", name: SHUFFLED, order: { by: "shuffle", seed: 1 } as const },
    ];
    for (const { of, name, order } of ordered.filter((each) => !known.includes(each.name))) {
      const sourceName = `${of}.gz`;
      const source = createReadStream(join(HERE, "data", sourceName));
      const named = { name, sourceName, labels: "binary", reading: { format: "libsvm", order } } as const;
      await importLibsvm(source, { ...named, objects: engine.objects });
    }
    for (const name of UNEQUAL.filter((wanted) => !known.includes(wanted))) {
      const text = gunzipSync(readFileSync(join(HERE, "data", "mushrooms.gz"))).toString("latin1");
      const source = Readable.from([Buffer.from(unequalShards(text))]);
      const named = { name, sourceName: `${name}.txt`, labels: "binary" } as const;
      await importLibsvm(source, { ...named, objects: engine.objects });
    }
    const hashed = TEXT.filter((dimension) => !known.includes(`text-${dimension}`));
    if (hashed.length > 0) {
      const table = gunzipSync(readFileSync(join(HERE, "data", "movie-snippets.tsv.gz"))).toString("latin1");
      for (const dimension of hashed) {
        const source = Readable.from([Buffer.from(hashedRows(table, dimension))]);
        const name = `text-${dimension}`;
        const named = { name, sourceName: `${name}.txt`, labels: "binary" } as const;
        await importLibsvm(source, { ...named, objects: engine.objects });
      }
    }
    for (const part of ["train", "test"] as const) {
      if (!known.includes(DIGITS[part]))
        await importDigits(engine.objects, join(HERE, "data", "digits.csv.gz"), part);
    }
    if (!known.includes(DIGITS_SORTED)) {
      const sorted = { name: DIGITS_SORTED, order: { by: "label" } } as const;
      await importDigits(engine.objects, join(HERE, "data", "digits.csv.gz"), "train", sorted);
    }
  } finally {
    await engine.close();
  }
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
  for (const stem of sweepsOf(folder)) {
    const from = performance.now();
    const whole = readSweep(join(folder, stem === "sweep" ? "sweep.json" : `${stem}.sweep.json`));
    const read = values.quick ? quick(whole) : whole;
    const title = stem === "sweep" ? name : `${name}, ${stem}`;
    const progress = createCellProgress(title, process.stderr);
    const jobs = values.jobs === undefined ? undefined : Number(values.jobs);
    const { finished, groups, rounds } = await runSweep(read, { home: values.home, jobs, progress });
    const out = join(values.home, "sweeps", read.sweep.name);
    writeSweepFiles(out, finished, groups);
    await writeRounds(out, finished, rounds);
    const result: SweepResult = { sweep: read.sweep, groups };
    sweeps.set(stem, result);
    if (!values.quick) {
      writeFileSync(join(folder, stem === "sweep" ? "table.md" : `${stem}.table.md`), markdown(result));
    }
    console.log(`\n${title}\n${sweepText(own(groups))}\n${secondsSince(from)} s; files: ${out}`);
  }
  const readme = join(folder, "README.md");
  if (values.quick || !existsSync(readme)) return;
  writeFileSync(readme, rewrite(readFileSync(readme, "utf8"), sweeps, `${name}/README.md`));
}

function own(groups: readonly Group[]): Group[] {
  return groups.filter(({ confirms }) => !confirms);
}

function secondsSince(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(0);
}

const started = performance.now();
await importData(values.home);
const names = readdirSync(HERE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && sweepsOf(join(HERE, entry.name)).length > 0)
  .map(({ name }) => name)
  .filter((name) => positionals.length === 0 || positionals.includes(name))
  .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
if (names.length === 0) {
  console.error(`experiments: none is called ${positionals.join(", ")}`);
  process.exit(2);
}
for (const name of names) await runExperiment(name);
console.log(`\nall in ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
