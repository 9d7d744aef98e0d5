/** `marina cost`: what a run has used, priced: by item, or by round. */
import {
  type DeployedEngine,
  type Engine,
  type EngineOptions,
  findRun,
  isDeployed,
  type ObjectReader,
  readJson,
  readUsed,
  roundBlocks,
  type Used,
  withEngine,
} from "../../client/index.ts";
import { DEFAULT_CONFIGURATION } from "../../embedded/index.ts";
import { type CsvCell, csv, dollars, MarinaError, seconds } from "../../shared/base/index.ts";
import { readOptional } from "../../shared/cloud/index.ts";
import {
  type Architecture,
  type BillingConfiguration,
  type FreeAllowance,
  freeAllowance,
  type Holdings,
  holdingsBill,
  PRICES_US_EAST_1,
  type Prices,
  parsePrices,
  priceNotice,
  pricesOf,
  type RunBill,
  runBill,
  storageUsdPerMonth,
} from "../../shared/cost/index.ts";
import { RoundMetric, type RoundRecord, runPrefix } from "../../shared/protocol/index.ts";
import { printRounds } from "../output/bill-by-round.ts";
import { itemTable, runsTable } from "../output/bill-tables.ts";

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

export async function cost(runs: readonly string[], options: CostOptions): Promise<void> {
  await withEngine(options, (engine) => costOf(engine, [...new Set(runs)], options));
}

async function costOf(engine: Engine, runs: readonly string[], options: CostOptions): Promise<void> {
  const objects = engine.live;
  const deployed = isDeployed(engine) ? engine : undefined;
  for (const run of runs) await findRun(objects, run);
  if (options.reconcile === true) {
    if (deployed === undefined) {
      throw new MarinaError(
        "usage",
        "--reconcile compares with what a cloud has counted itself, the embedded one has nobody but the meter: give --on aws or --on localstack",
      );
    }
    const [run] = runs;
    if (run === undefined || runs.length > 1)
      throw new MarinaError("usage", `--reconcile: expected one run, got ${runs.length}`);
    const { reconcile } = await import("./reconcile.ts");
    await reconcile(deployed.stack, run, (await readUsed(objects, run)).usage, options);
    return;
  }
  if (options.by === "round") {
    refuseRepricing(options);
    await printRounds(objects, runs, options);
    return;
  }
  const setting = settingOf(deployed, options);
  const bills: PricedRun[] = [];
  for (const run of runs) bills.push(await priceRun(objects, run, setting, options));
  const forMachines = options.csv === true || options.json === true;
  if (forMachines && setting.notice !== undefined) console.error(setting.notice);
  if (options.json === true) {
    const figures = bills.map((bill) => figuresOf(bill, setting));
    const totalUsd = bills.reduce((sum, { bill }) => sum + bill.totalUsd, 0);
    console.log(JSON.stringify(figures.length === 1 ? figures[0] : { runs: figures, totalUsd }, null, 2));
    return;
  }
  if (options.csv === true) {
    printCsv(bills);
    return;
  }
  const [first] = bills;
  if (first !== undefined && bills.length === 1) {
    const blocks = roundBlocks(objects, first.run, { to: 1 });
    const [firstRound] = (await blocks.next()).value ?? [];
    console.log(itemTable(first.bill, options.freeTier === true));
    console.log(["", ...remarks(first, firstRound, setting, engine.predicts, options)].join("\n"));
    return;
  }
  console.log(runsTable(bills));
  console.log(["", pricedBy(setting, engine.predicts, options), ...noticeOf(setting)].join("\n"));
}

/** @throws MarinaError "usage" */
function refuseRepricing(options: CostOptions): void {
  const repriced = ["prices", "architecture", "freeTier", "provisionedPollers"] as const;
  const given = repriced.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new MarinaError(
      "usage",
      "--by round shows the dollars that were counted as the run went, at the built-in prices: leave --prices, --architecture, --free-tier and --provisioned-pollers out, or use --by item",
    );
  }
}

/** By what the runs are priced. */
interface Setting {
  readonly prices: Prices;
  readonly configuration: BillingConfiguration;
  readonly free: FreeAllowance | undefined;
  readonly notice: string | undefined;
}

function settingOf(deployed: DeployedEngine | undefined, options: CostOptions): Setting {
  const { workerMemoryMb, aggregatorMemoryMb, ...base } = deployed?.stack ?? DEFAULT_CONFIGURATION;
  const architecture = options.architecture ?? base.architecture;
  const region = deployed?.stack.region ?? PRICES_US_EAST_1.region;
  const prices = options.prices === undefined ? pricesOf(region).prices : readPrices(options.prices);
  return {
    prices,
    configuration: { workerMemoryMb, aggregatorMemoryMb, architecture },
    free: options.freeTier === true ? freeAllowance(prices) : undefined,
    notice: options.prices === undefined ? priceNotice({ region, architecture }) : undefined,
  };
}

/** A run and its dollars. */
interface PricedRun {
  readonly run: string;
  readonly used: Used;
  readonly storedBytes: number;
  /** The method's: the run's dollars. */
  readonly bill: RunBill;
  /** What is billed besides, by time and volume: in no run's dollars. */
  readonly besides: RunBill;
  /** Evaluation serves the plots, not the optimiser: what it would cost stands apart. */
  readonly evaluation: RunBill;
}

async function priceRun(
  objects: ObjectReader,
  run: string,
  { prices, configuration, free }: Setting,
  options: CostOptions,
): Promise<PricedRun> {
  const used = await readUsed(objects, run);
  const storedBytes = await bytesOf(objects, runPrefix(run));
  const holdings: Holdings = {
    seconds: used.seconds,
    storedBytes,
    loggedBytes: used.rounds * LOG_BYTES_PER_ROUND,
    metrics: METRICS_OF_A_STACK,
    provisionedPollers: options.provisionedPollers ?? 0,
  };
  return {
    run,
    used,
    storedBytes,
    bill: runBill(used.usage.method, prices, configuration, free),
    besides: holdingsBill(holdings, prices, configuration.architecture),
    evaluation: runBill(used.usage.evaluation, prices, configuration),
  };
}

function figuresOf(
  { run, storedBytes, bill, besides, evaluation }: PricedRun,
  { prices, configuration }: Setting,
): object {
  return {
    run,
    region: prices.region,
    pricesOf: prices.date,
    ...configuration,
    evaluationUsd: evaluation.totalUsd,
    storedBytes,
    ...bill,
    besides,
  };
}

function printCsv(bills: readonly PricedRun[]): void {
  const several = bills.length > 1;
  const rows = bills.flatMap(({ run, bill, besides }) =>
    [
      ...bill.lines.map((line) => ({ ...line, part: "run" })),
      ...besides.lines.map((line) => ({ ...line, part: "besides" })),
    ].map(({ service, item, quantity, unit, usdPerUnit, usd, part }) => [
      ...(several ? [run] : []),
      service,
      item,
      quantity,
      unit,
      usdPerUnit,
      usd,
      part,
    ]),
  );
  const header = ["service", "item", "quantity", "unit", "usdPerUnit", "usd", "part"];
  writeCsv(several ? ["run", ...header] : header, rows);
}

function remarks(
  { used, storedBytes, besides, evaluation }: PricedRun,
  firstRound: RoundRecord | undefined,
  setting: Setting,
  predicts: boolean,
  options: CostOptions,
): string[] {
  const kept = storageUsdPerMonth(storedBytes, setting.prices);
  const parts = besides.lines.map(({ item, usd }) => `${item} $${dollars(usd)}`).join(", ");
  return [
    pricedBy(setting, predicts, options),
    `besides, in no run's dollars: $${dollars(besides.totalUsd)} (${parts === "" ? "nothing" : parts})`,
    `evaluations for the record, not in the bill: $${dollars(evaluation.totalUsd)} of requests`,
    `kept in the object store: ${storedBytes.toLocaleString("en-US")} bytes, $${dollars(kept)} a month`,
    ...(firstRound?.round !== 0
      ? []
      : [
          `of it before round 0 (loading, and a calibration if none was kept): ${seconds(firstRound.seconds)}, $${dollars(firstRound.usd)}; see --by round`,
        ]),
    ...(used.usd === null ? ["the run has not ended: this is what its last checkpoint knows"] : []),
    ...noticeOf(setting),
  ];
}

function pricedBy({ prices, configuration }: Setting, predicts: boolean, options: CostOptions): string {
  const { architecture, workerMemoryMb, aggregatorMemoryMb } = configuration;
  const free = options.freeTier === true ? "a month's free tier taken off" : "no free tier";
  return `${predicts ? "predicted; " : ""}${prices.region} prices of ${prices.date}, ${architecture}, worker ${workerMemoryMb} MB, aggregator ${aggregatorMemoryMb} MB, ${free}`;
}

function noticeOf({ notice }: Setting): string[] {
  return notice === undefined ? [] : [notice];
}

async function bytesOf(objects: ObjectReader, prefix: string): Promise<number> {
  let bytes = 0;
  for (const key of await objects.list(prefix))
    bytes += (await readOptional(objects, key, (body) => body.length)) ?? 0;
  return bytes;
}

/** @throws MarinaError "usage" or "spec". */
export function readPrices(path: string): Prices {
  const { value, source } = readJson(path, "give the path of a price file (--prices)");
  return parsePrices(value, source);
}

function writeCsv(header: readonly string[], rows: readonly (readonly CsvCell[])[]): void {
  process.stdout.write(csv(header, rows));
}
