/** `marina diff`: where two runs differ. */
import {
  type EngineOptions,
  type FieldDifference,
  type RunOverview,
  runOverview,
  specDifference,
  table,
  withEngine,
} from "../../client/index.ts";
import { dollars, megabits, seconds, short } from "../../shared/base/index.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { endText, knownOf, listedRun } from "../output/run-list.ts";
import { onOutput } from "../output/terminal.ts";

export async function diff(run: string, other: string, options: EngineOptions & PrintOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    const pair = [await runOverview(engine, run), await runOverview(engine, other)] as const;
    const fields = specDifference(pair[0].spec, pair[1].spec);
    const sameRows = pair[0].dataSha256 === pair[1].dataSha256;
    const digests = pair.map(({ result }) => result?.iterateSha256);
    const sameBits = digests.includes(undefined) ? null : digests[0] === digests[1];
    const runs = pair.map((one) => listedRun(one, engine.predicts));
    print(options, { runs, fields, sameRows, sameBits }, () =>
      [
        fields.length === 0 ? "the specs are the same" : fieldTable(pair, fields),
        ...(sameRows ? [] : ["the rows of their data sets differ"]),
        "",
        figureTable(pair),
        ...(sameBits === true ? ["the final iterates are the same, bit for bit"] : []),
      ].join("\n"),
    );
  });
}

type Pair = readonly [RunOverview, RunOverview];

function fieldTable([a, b]: Pair, fields: readonly FieldDifference[]): string {
  const text = (value: unknown): string =>
    value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);
  return table(
    [
      ["field", "left"],
      [a.run, "left"],
      [b.run, "left"],
    ],
    fields.map(({ field, values: [first, second] }) => [field, text(first), text(second)]),
    onOutput(),
  );
}

/** Both, and the second by the first. */
function figureTable([a, b]: Pair): string {
  const [first, second] = [knownOf(a), knownOf(b)];
  const row = (
    name: string,
    x: number | null,
    y: number | null,
    text: (value: number) => string,
  ): string[] => [
    name,
    x === null ? "-" : text(x),
    y === null ? "-" : text(y),
    x === null || y === null || x === 0 ? "-" : short(y / x),
  ];
  return table(
    [
      ["", "left"],
      [a.run, "right"],
      [b.run, "right"],
      ["ratio", "right", 1],
    ],
    [
      ["ended", endText(a), endText(b), ""],
      row("rounds", first.rounds, second.rounds, (value) => value.toLocaleString("en-US")),
      row("f", a.result?.loss ?? null, b.result?.loss ?? null, short),
      row("|∇f|²/start", first.relative, second.relative, short),
      row("Mbit/worker", first.bits, second.bits, megabits),
      row("time", first.seconds, second.seconds, seconds),
      row("$", first.usd, second.usd, dollars),
    ],
    onOutput(),
  );
}
