/** `marina cost --by round`: the dollars that were counted as runs went. */
import { type ObjectReader, readRounds, readUsed, table } from "../../client/index.ts";
import { csv } from "../../shared/base/index.ts";
import { billByRound, type RoundBill } from "../../shared/cost/index.ts";
import { onOutput } from "./terminal.ts";

export async function printRounds(
  objects: ObjectReader,
  runs: readonly string[],
  { json, csv: asCsv }: { readonly json?: boolean; readonly csv?: boolean },
): Promise<void> {
  const bills: RunRounds[] = [];
  for (const run of runs) bills.push({ run, ...(await roundsOf(objects, run)) });
  const several = bills.length > 1;
  if (json === true) {
    const figures = bills.map(({ run, rows: rounds, end }) => ({ run, rounds, totalUsd: end.usd }));
    const totalUsd = figures.reduce((sum, { totalUsd: usd }) => sum + usd, 0);
    console.log(JSON.stringify({ runs: figures, totalUsd }));
    return;
  }
  if (asCsv === true) {
    const header = ["part", "round", "dense", "slots", "seconds", "usd"];
    const rows = bills.flatMap(({ run, rows: rounds }) =>
      rounds.map(({ part, round, dense, slots, seconds, usd }) => [
        ...(several ? [run] : []),
        part,
        round,
        dense,
        slots,
        seconds,
        usd,
      ]),
    );
    process.stdout.write(csv(several ? ["run", ...header] : header, rows));
    return;
  }
  console.log(bills.map((bill) => `${several ? `${bill.run}\n` : ""}${roundTable(bill)}`).join("\n\n"));
}

/** A run's dollars by round. */
interface RunRounds {
  readonly run: string;
  readonly rows: readonly RoundBill[];
  readonly end: { readonly seconds: number; readonly usd: number };
}

async function roundsOf(objects: ObjectReader, run: string): Promise<Omit<RunRounds, "run">> {
  const used = await readUsed(objects, run);
  const records = await readRounds(objects, run);
  const last = records.at(-1);
  const end =
    used.usd === null
      ? { seconds: last?.seconds ?? 0, usd: last?.usd ?? 0 }
      : { seconds: used.seconds, usd: used.usd };
  return { rows: billByRound(records, end), end };
}

function roundTable({ rows, end }: RunRounds): string {
  const columns = [
    ["round", "left"],
    ["messages", "left"],
    ["slots", "right"],
    ["ms", "right"],
    ["$", "right"],
  ] as const;
  const cells = rows.map((row) => [
    label(row),
    row.dense === null ? "-" : row.dense ? "dense" : "compressed",
    String(row.slots ?? "-"),
    (1000 * row.seconds).toFixed(1),
    row.usd.toPrecision(4),
  ]);
  const sum = ["sum", "", "", (1000 * end.seconds).toFixed(1), end.usd.toPrecision(6)];
  return table(columns, [...cells, sum], onOutput());
}

function label({ part, round }: RoundBill): string {
  if (part === "start") return "before round 0";
  return part === "round" ? String(round) : round === null ? "end" : `${round}, and the end`;
}
