/**
 * npm run bench:trajectories: what must not move. Runs specs that together use every method, compressor and choice of a
 * spec, on the embedded cloud, and holds digests, bits, bytes, predicted seconds and dollars against `trajectories.json`, to
 * the last bit. Exit code 1 where one differs; each difference is a line that names the spec and the figure.
 *
 *   npm run bench:trajectories -- [--fast] [--only pp-marina] [--save]
 */
import { Command } from "commander";
import { type Figures, figuresOf } from "./trajectories/run.ts";
import { rows } from "./trajectories/specs.ts";
import { differences, readTable, saveTable, type Table } from "./trajectories/table.ts";

const { fast, only, save } = new Command("bench:trajectories")
  .option("--fast", "only the rows that npm test holds")
  .option("--only <text>", "only rows with this in their name")
  .option("--save", "store what was found; with --only or --fast, the other rows stay as they are")
  .parse()
  .opts<{ fast?: boolean; only?: string; save?: boolean }>();

const whole = fast !== true && only === undefined;
const asked = rows.filter((row) => (fast !== true || row.fast) && row.name.includes(only ?? ""));
const stored: Table = save === true && whole ? {} : readTable();
const found: Record<string, Figures> = {};
const lines: string[] = [];
const started = performance.now();
for (const row of asked) {
  const figures = await figuresOf(row);
  found[row.name] = figures;
  if (save !== true) lines.push(...differences(row.name, stored[row.name], figures));
}
if (whole && save !== true) {
  const known = new Set(rows.map(({ name }) => name));
  for (const name of Object.keys(stored)) if (!known.has(name)) lines.push(`${name}: is only in the table`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
if (asked.length === 0) {
  console.error(`no row has ${JSON.stringify(only)} in its name`);
  process.exitCode = 2;
} else if (save === true) {
  const names = rows.map(({ name }) => name).filter((name) => name in found || name in stored);
  saveTable(Object.fromEntries(names.map((name) => [name, (found[name] ?? stored[name])!])));
  console.log(`${asked.length} rows stored in ${seconds} s`);
} else {
  for (const line of lines) console.log(line);
  console.log(
    `${asked.length} rows in ${seconds} s: ${lines.length === 0 ? "nothing has moved" : `${lines.length} differences`}`,
  );
  process.exitCode = lines.length === 0 ? 0 : 1;
}
