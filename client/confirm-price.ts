/** Before money is spent: what it will cost, within which bound, and whether that is wanted. One place for all commands. */
import type { LatencyProfile } from "../embedded/index.ts";
import { dollars, MarinaError, seconds } from "../shared/base/index.ts";
import type { DeployedStack } from "../shared/cloud/aws/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { priceNotice } from "../shared/cost/index.ts";
import type { RunSpec } from "../shared/protocol/index.ts";
import { adviceText, packingAdvice } from "./packing-advice.ts";
import { predict } from "./predict.ts";
import { isYes, STANDARD_TERMINAL, type Terminal } from "./text/ask.ts";

/** Of every command that may cost money. */
export interface PriceOptions {
  readonly on: "embedded" | "localstack" | "aws";
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

/** What is about to be spent. */
export interface Spending {
  /** The prediction in words. */
  readonly text: string;
  /** Undefined where it can't be predicted. */
  readonly usdAtMost: number | undefined;
}

/** @throws MarinaError "usage" for a bound of dollars where none are spent. */
export function checkBound({ on, maxUsd }: PriceOptions): void {
  if (maxUsd === undefined || on === "aws") return;
  throw new MarinaError(
    "usage",
    `--max-usd: runs on ${on === "embedded" ? "the embedded cloud" : "a local cloud"} cost nothing; give it with --on aws, or set stop.usd in the spec`,
  );
}

/** Says what it costs and asks. @throws MarinaError "usage" when it is refused, over the bound, or nobody is there to ask. */
export async function confirmSpending(
  { text, usdAtMost }: Spending,
  { maxUsd, yes = false }: Pick<PriceOptions, "maxUsd" | "yes">,
  terminal: Terminal = STANDARD_TERMINAL,
): Promise<void> {
  terminal.say(`predicted: ${text}`);
  if (maxUsd !== undefined && usdAtMost !== undefined && usdAtMost > maxUsd) {
    throw new MarinaError(
      "usage",
      `nothing was started: $${dollars(usdAtMost)} predicted is over --max-usd ${maxUsd}; give a higher --max-usd, or fewer stop.rounds`,
    );
  }
  await askFirst(
    "This costs money on AWS.",
    "this costs money on AWS, and standard input is no terminal to ask at; give --yes to spend it, and --max-usd to bound it",
    yes,
    terminal,
  );
}

/** @throws MarinaError "usage" when the answer is not yes, or nobody is there to ask. */
async function askFirst(what: string, unasked: string, yes: boolean, terminal: Terminal): Promise<void> {
  if (yes) return;
  if (!terminal.interactive) throw new MarinaError("usage", `nothing was started: ${unasked}`);
  const answer = await terminal.ask(`${what} Go ahead? [y/N] `);
  if (!isYes(answer)) throw new MarinaError("usage", "nothing was started");
}

/** What a run may take where it costs nothing. */
export interface Length {
  readonly rounds: number;
  /** Of this machine. */
  readonly seconds: number;
  /** Predicted for AWS. */
  readonly usd: number;
}

const LONGEST_SECONDS = 24 * 3600;

/** Asks of a run that may take longer than a day. @throws MarinaError "usage" as above. */
export async function confirmLength(
  { rounds, seconds: time, usd }: Length,
  yes = false,
  terminal: Terminal = STANDARD_TERMINAL,
): Promise<void> {
  if (time <= LONGEST_SECONDS) return;
  terminal.say(
    `predicted: up to ${rounds.toLocaleString("en-US")} rounds, about ${(time / LONGEST_SECONDS).toPrecision(2)} days of this machine; on AWS $${dollars(usd)}`,
  );
  await askFirst(
    "This may take days.",
    "it may take days, and standard input is no terminal to ask at; give fewer stop.rounds, or --yes",
    yes,
    terminal,
  );
}

/**
 * What one or several runs may cost, all their rounds used.
 * @param roundsLeft of a run that is resumed
 */
export async function spendingOf(
  objects: ObjectStore,
  specs: readonly RunSpec[],
  stack: DeployedStack & { readonly latencies?: LatencyProfile },
  roundsLeft?: number,
): Promise<Spending> {
  let usd = 0;
  let time = 0;
  let rounds = 0;
  const advice: string[] = [];
  for (const spec of specs) {
    const prediction = await predict(objects, spec, stack);
    if (prediction === undefined) {
      const text = "what it costs can't be predicted (the data set is too large for a trial)";
      return { text, usdAtMost: undefined };
    }
    const left = roundsLeft ?? spec.stop.rounds;
    usd += left * prediction.usdPerRound;
    time += left * prediction.secondsPerRound;
    rounds += left;
    // A run that is resumed has its spec.
    const better =
      roundsLeft === undefined ? await packingAdvice(objects, spec, stack, prediction) : undefined;
    if (better !== undefined) advice.push(adviceText(better));
  }
  const notice = priceNotice(stack);
  const what =
    specs.length > 1
      ? `${specs.length} runs of ${rounds.toLocaleString("en-US")} rounds together`
      : `${rounds.toLocaleString("en-US")} rounds`;
  const rate = rounds === 0 ? "" : `$${dollars((1000 * usd) / rounds)} per 1,000; `;
  return {
    text: `at most $${dollars(usd)} for ${what} (${rate}${seconds(time)})${[notice, ...new Set(advice)].map((line) => (line === undefined ? "" : `\n${line}`)).join("")}`,
    usdAtMost: usd,
  };
}

/** A run that is about to begin, held to the bound: it ends at a round boundary once that is spent. */
export function heldTo(spec: RunSpec, maxUsd: number | undefined): RunSpec {
  if (maxUsd === undefined) return spec;
  return { ...spec, stop: { ...spec.stop, usd: Math.min(maxUsd, spec.stop.usd ?? Infinity) } };
}
