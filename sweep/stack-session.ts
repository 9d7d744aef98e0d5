/** Everything that cells need to run on a deployed stack, opened from a command's options; and what to say of the outcome. */
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
  allRounds,
  confirmSpending,
  type EngineOptions,
  fitnessIfReadable,
  openStack,
  readResult,
  refuseUnfit,
} from "../client/index.ts";
import { dollars, MarinaError } from "../shared/base/index.ts";
import { PRICES_US_EAST_1, priceNotice } from "../shared/cost/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";
import type { Cell } from "./cell.ts";
import { createCellProgress } from "./cell-progress.ts";
import type { CellSetting } from "./cells.ts";
import { onInterrupt } from "./interruption.ts";
import { Library } from "./library.ts";
import { createCellRunner } from "./run-sweep.ts";
import { checkConfiguration, type StackOutcome, StackRunner } from "./stack-runner.ts";
import type { FinishedCell } from "./summary.ts";

/** Dollars that a sweep may spend on AWS unless told otherwise, as a run may. */
const DEFAULT_MAX_USD = 1;

export interface StackSessionOptions extends EngineOptions {
  readonly jobs?: number;
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

export interface StackSession {
  readonly maxUsd: number;
  /** What cells on these data sets are checked against: also whether they could end well on this stack. */
  setting(dataSets: Iterable<string>): Promise<CellSetting>;
  /** What ends it is told in the outcome, so that what is done can be. */
  run(cells: readonly Cell[]): Promise<StackOutcome>;
  /** The rounds of a finished cell, read from the stack. */
  rounds(cell: FinishedCell): Promise<readonly RoundRecord[]>;
  close(): Promise<void>;
}

/**
 * Opens the stack. From then on Ctrl-C ends the work cleanly: nothing more is started, runs under way stop at a round
 * boundary; a second one ends the process.
 */
export async function openStackSession(title: string, options: StackSessionOptions): Promise<StackSession> {
  const { home, on, jobs = 1, maxUsd = on === "aws" ? DEFAULT_MAX_USD : Infinity } = options;
  if (options.latencies !== undefined)
    throw new MarinaError(
      "usage",
      "--latencies: cells on a stack are measured there; give it without --on, to predict them",
    );
  const engine = await openStack(options);
  const { workerMemoryMb, aggregatorMemoryMb, architecture } = engine.stack;
  const configuration = { workerMemoryMb, aggregatorMemoryMb, architecture };
  const library = new Library(engine.objects);
  const stream = process.stderr;
  const notice = priceNotice(engine.stack);
  if (notice !== undefined) stream.write(`${notice}\n`);
  if (engine.stack.region !== PRICES_US_EAST_1.region)
    stream.write(`what is predicted of a sweep's runs is by the prices of ${PRICES_US_EAST_1.region}\n`);
  const interruption = onInterrupt(
    "stopping at the next round boundaries (Ctrl-C again: at once; the stack goes on)",
  );
  const embedded = createCellRunner({
    home,
    library,
    signal: interruption.signal,
    progress: createCellProgress(`${title}, predicting`, stream),
    jobs: availableParallelism(),
  });
  let confirmed = false;
  const runner = new StackRunner({
    engine,
    configuration,
    region: engine.stack.region,
    embedded,
    jobs,
    maxUsd,
    progress: createCellProgress(title, stream),
    announce: async ({ cells, done, spentUsd, predictedUsd }) => {
      const limit = Number.isFinite(maxUsd) ? `; at most $${dollars(maxUsd)} in all` : "";
      const text = `$${dollars(predictedUsd)} for ${cells - done} of ${cells} runs, $${dollars(spentUsd)} spent before${limit}`;
      // Asked once for all that this command starts: the bound is of it all.
      if (on !== "aws" || confirmed || cells === done) stream.write(`predicted: ${text}\n`);
      else await confirmSpending({ text, usdAtMost: undefined }, options);
      confirmed = true;
    },
    sleep: (milliseconds) => sleep(milliseconds),
  });
  interruption.signal.addEventListener("abort", () => runner.interrupt());
  return {
    maxUsd,
    setting: async (dataSets) => {
      const { manifestOf, programOf } = await library.settingFor(dataSets);
      const fitness = await fitnessIfReadable(engine);
      if (fitness !== undefined) refuseUnfit(engine.stack, fitness.functions);
      return {
        manifestOf,
        programOf,
        configuration,
        check: (cell, manifest, problem) => {
          checkConfiguration(cell, configuration);
          if (fitness !== undefined) refuseUnfit(engine.stack, fitness.ofRun(cell.spec, manifest, problem));
        },
      };
    },
    run: (cells) => runner.run(cells),
    rounds: async ({ deployed }) =>
      deployed === undefined
        ? []
        : allRounds(engine.objects, deployed.run, await readResult(engine.objects, deployed.run)),
    close: async () => {
      interruption.dispose();
      await embedded.close();
      await engine.close();
    },
  };
}

/** What was done, what is left, and how to go on. */
export function outcomeText(outcome: StackOutcome, { maxUsd }: Pick<StackSession, "maxUsd">): string {
  const { finished, left, spentUsd, endedBy } = outcome;
  const lines = [`${finished.length} runs done, $${dollars(spentUsd)} spent`];
  const predicted = finished.reduce((sum, { deployed }) => sum + (deployed?.predictedUsd ?? 0), 0);
  if (finished.length > 0) lines[0] += ` ($${dollars(predicted)} predicted for those that are done)`;
  const others = finished.filter(({ deployed }) => deployed?.sameBits === false);
  if (others.length > 0) {
    const names = others.map(({ deployed }) => deployed?.run).join(", ");
    lines.push(`NOT the bits of the embedded cloud: ${names}; please report it`);
  } else if (finished.some(({ deployed }) => deployed?.sameBits === true)) {
    lines.push("final iterates: the bits of the embedded cloud");
  }
  if (left.length > 0) {
    const usd = left.reduce((sum, { predictedUsd }) => sum + predictedUsd, 0);
    const why =
      endedBy === "budget"
        ? `the budget of $${dollars(maxUsd)} is used up: go on with --max-usd ${roundUp(spentUsd + usd)}`
        : endedBy === "failure"
          ? "an error ended it: once that is repaired go on with the same command"
          : "interrupted: go on with the same command";
    lines.push(`left: ${left.length} runs, $${dollars(usd)} predicted; ${why}`);
    for (const { cell, predictedUsd } of left) {
      const { label, axes, spec } = cell;
      const name = `${label ?? ""} ${JSON.stringify({ ...axes, seed: spec.seed })}`.trim();
      lines.push(`  ${name}: $${dollars(predictedUsd)}`);
    }
  }
  return lines.join("\n");
}

/** 0 done, 1 when some failed, are left or have other bits, 130 interrupted. */
export function exitCodeOfOutcome({ finished, left, endedBy }: StackOutcome): number {
  if (endedBy === "interrupt") return 130;
  const bad = finished.some(
    ({ result, deployed }) => result.status === "failed" || deployed?.sameBits === false,
  );
  return left.length > 0 || bad ? 1 : 0;
}

/** Two digits, upwards, and a tenth more: predictions are not exact. */
function roundUp(usd: number): string {
  const unit = 10 ** (Math.floor(Math.log10(usd)) - 1);
  return String(Number((Math.ceil((1.1 * usd) / unit) * unit).toPrecision(2)));
}
