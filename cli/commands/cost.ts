/** `marina cost`: what a run has used, priced: by item, or by round. */
import {
  type Engine,
  type EngineOptions,
  findRun,
  isDeployed,
  type ObjectReader,
  readJson,
  readRounds,
  table,
  withEngine,
} from "../../client/index.ts";

import { DEFAULT_CONFIGURATION } from "../../embedded/index.ts";
import { type CsvCell, csv, dollars, MarinaError, seconds } from "../../shared/base/index.ts";
import { readOptional } from "../../shared/cloud/index.ts";
import {
  type Architecture,
  type BillingConfiguration,
  billByRound,
  type Holdings,
  PRICES_US_EAST_1,
  type Prices,
  parsePrices,
  parseUsage,
  priceNotice,
  type RoundBill,
  type RunBill,
  runBill,
  storageUsdPerMonth,
  type Usage,
} from "../../shared/cost/index.ts";
import {
  checkpointKey,
  decodeCheckpoint,
  decodeResult,
  RoundMetric,
  resultKey,
  runPrefix,
} from "../../shared/protocol/index.ts";

export interface CostOptions extends EngineOptions {
  readonly by: "item" | "round";
  readonly reconcile?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly prices?: string;
  readonly architecture?: Architecture;
  readonly freeTier?: boolean;
  readonly provisionedPollers?: number;
}

/** Custom metrics that the deployed aggregator writes. */
const METRICS_OF_A_STACK = Object.keys(RoundMetric).length;
/**
 * Bytes of log a round, CloudWatch's own 26 of each line included. Measured: a metrics line of sixty rounds has 1,464 (the
 * end-to-end tests hold this figure against what deployed functions write); workers write none unless something is wrong.
 */
export const LOG_BYTES_PER_ROUND = 25;

/** What a run has used so far, and how long it took. */
interface Used {
  readonly usage: Usage;
  readonly seconds: number;
  readonly usd: number | null;
  readonly rounds: number;
}

export async function cost(run: string, options: CostOptions): Promise<void> {
  await withEngine(options, (engine) => costOf(engine, run, options));
}

async function costOf(engine: Engine, run: string, options: CostOptions): Promise<void> {
  const objects = engine.live;
  const deployed = isDeployed(engine) ? engine : undefined;
  await findRun(objects, run);
  const used = await readUsed(objects, run);
  if (options.reconcile === true) {
    if (deployed === undefined) {
      throw new MarinaError(
        "usage",
        "--reconcile compares with what a cloud has counted itself, the embedded one has nobody but the meter: give --on aws or --on localstack",
      );
    }
    const { reconcile } = await import("./reconcile.ts");
    await reconcile(deployed.stack, run, used.usage, options);
    return;
  }
  if (options.by === "round") {
    await printRounds(objects, run, used, options);
    return;
  }
  const prices = readPrices(options.prices);
  const base: BillingConfiguration = deployed?.stack ?? DEFAULT_CONFIGURATION;
  const { workerMemoryMb, aggregatorMemoryMb } = base;
  const architecture = options.architecture ?? base.architecture;
  const configuration = { workerMemoryMb, aggregatorMemoryMb, architecture };
  const storedBytes = await bytesOf(objects, runPrefix(run));
  const holdings: Holdings = {
    seconds: used.seconds,
    storedBytes,
    loggedBytes: used.rounds * LOG_BYTES_PER_ROUND,
    metrics: METRICS_OF_A_STACK,
    provisionedPollers: options.provisionedPollers ?? 0,
  };
  const bill = runBill(used.usage.method, prices, configuration, holdings, options.freeTier === true);
  const notice = deployed === undefined ? undefined : priceNotice(deployed.stack.region, prices);
  // Evaluation serves the plots, not the optimiser: what it would cost stands apart.
  const evaluation = runBill(used.usage.evaluation, prices, configuration);
  const forMachines = options.csv === true || options.json === true;
  if (forMachines && notice !== undefined) console.error(notice);
  if (options.json === true) {
    const { region, date } = prices;
    const figures = {
      region,
      pricesOf: date,
      ...configuration,
      evaluationUsd: evaluation.totalUsd,
      storedBytes,
    };
    console.log(JSON.stringify({ run, ...figures, ...bill }, null, 2));
    return;
  }
  if (options.csv === true) {
    writeCsv(
      ["service", "item", "quantity", "unit", "usdPerUnit", "usd"],
      bill.lines.map(({ service, item, quantity, unit, usdPerUnit, usd }) => [
        service,
        item,
        quantity,
        unit,
        usdPerUnit,
        usd,
      ]),
    );
    return;
  }
  const [firstRound] = await readRounds(objects, run);
  console.log(itemTable(bill));
  console.log(
    [
      "",
      `${engine.predicts ? "predicted; " : ""}${prices.region} prices of ${prices.date}, ${architecture}, worker ${workerMemoryMb} MB, aggregator ${aggregatorMemoryMb} MB, ${options.freeTier === true ? "a month's free tier taken off" : "no free tier"}`,
      `evaluations for the record, not in the bill: $${dollars(evaluation.totalUsd)} of requests`,
      `kept in the object store: ${storedBytes.toLocaleString("en-US")} bytes, $${dollars(storageUsdPerMonth(storedBytes, prices))} a month`,
      ...(firstRound?.round !== 0
        ? []
        : [
            `of it before round 0 (loading, and a calibration if none was kept): ${seconds(firstRound.seconds)}, $${dollars(firstRound.usd)}; see --by round`,
          ]),
      ...(used.usd === null ? ["the run has not ended: this is what its last checkpoint knows"] : []),
      ...(notice === undefined ? [] : [notice]),
    ].join("\n"),
  );
}

/** The run's result knows everything; an unfinished run's checkpoint knows what its last tenure had used. */
async function readUsed(objects: ObjectReader, run: string): Promise<Used> {
  const result = await readOptional(objects, resultKey(run), decodeResult);
  const checkpoint = await readOptional(objects, checkpointKey(run), decodeCheckpoint);
  if (result?.usage !== undefined && result.usage !== null) {
    return {
      usage: parseUsage(result.usage),
      seconds: result.seconds,
      usd: result.usd,
      rounds: result.rounds,
    };
  }
  if (checkpoint === undefined || checkpoint.usage === null) {
    throw new MarinaError(
      "not-found",
      `run ${run} has not been metered yet: it has no checkpoint; go on with: marina resume ${run}`,
    );
  }
  const { usage, totals, round } = checkpoint;
  return { usage: parseUsage(usage), seconds: totals.seconds, usd: result?.usd ?? null, rounds: round };
}

async function bytesOf(objects: ObjectReader, prefix: string): Promise<number> {
  let bytes = 0;
  for (const key of await objects.list(prefix))
    bytes += (await readOptional(objects, key, (body) => body.length)) ?? 0;
  return bytes;
}

/** @throws MarinaError "usage" or "spec". */
export function readPrices(path: string | undefined): Prices {
  if (path === undefined) return PRICES_US_EAST_1;
  const { value, source } = readJson(path, "give the path of a price file (--prices)");
  return parsePrices(value, source);
}

function itemTable({ lines, totalUsd }: RunBill): string {
  const columns = [
    ["service", "left"],
    ["item", "left"],
    ["quantity", "right"],
    ["unit", "left"],
    ["$/unit", "right"],
    ["$", "right"],
    ["share", "right"],
  ] as const;
  const share = (usd: number): string => (totalUsd === 0 ? "-" : `${((100 * usd) / totalUsd).toFixed(1)} %`);
  const rows = lines.map(({ service, item, quantity, unit, usdPerUnit, usd }) => [
    service,
    item,
    Number.isInteger(quantity) ? quantity.toLocaleString("en-US") : quantity.toPrecision(4),
    unit,
    usdPerUnit.toPrecision(3),
    signed(usd),
    share(usd),
  ]);
  return table(columns, [...rows, ["", "total", "", "", "", signed(totalUsd), share(totalUsd)]]);
}

function signed(usd: number): string {
  return usd < 0 ? `-${dollars(-usd)}` : dollars(usd);
}

async function printRounds(
  objects: ObjectReader,
  run: string,
  used: Used,
  options: CostOptions,
): Promise<void> {
  const repriced = ["prices", "architecture", "freeTier", "provisionedPollers"] as const;
  const given = repriced.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new MarinaError(
      "usage",
      "--by round shows the dollars that were counted as the run went, at the built-in prices: leave --prices, --architecture, --free-tier and --provisioned-pollers out, or use --by item",
    );
  }
  const records = await readRounds(objects, run);
  const last = records.at(-1);
  const end =
    used.usd === null
      ? { seconds: last?.seconds ?? 0, usd: last?.usd ?? 0 }
      : { seconds: used.seconds, usd: used.usd };
  const rows = billByRound(records, end);
  if (options.json === true) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  if (options.csv === true) {
    writeCsv(
      ["part", "round", "dense", "slots", "seconds", "usd"],
      rows.map(({ part, round, dense, slots, seconds, usd }) => [part, round, dense, slots, seconds, usd]),
    );
    return;
  }
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
  console.log(
    table(columns, [...cells, ["sum", "", "", (1000 * end.seconds).toFixed(1), end.usd.toPrecision(6)]]),
  );
}

function label({ part, round }: RoundBill): string {
  if (part === "start") return "before round 0";
  return part === "round" ? String(round) : round === null ? "end" : `${round}, and the end`;
}

function writeCsv(header: readonly string[], rows: readonly (readonly CsvCell[])[]): void {
  process.stdout.write(csv(header, rows));
}
