/** How a round's messages become their mean, the workers' states that they move, and the exact figures that they bring along. */
import type { Compute } from "../../../shared/cloud/index.ts";
import { aggregationOf, type Vectors, workerNumbers } from "../../../shared/methods/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { Asked } from "./asked.ts";
import { type Certificate, certificateOf, clippingLevel } from "./certificate.ts";
import { Encoding } from "./decode.ts";
import { exactAddends } from "./evaluate.ts";
import { type Addends, type Reduced, reduceVectors } from "./reduce.ts";
import { RobustFold } from "./robust-fold.ts";
import type { RoundSetting, Standing } from "./round-setting.ts";
import { RunningFold } from "./running-fold.ts";
import { moveServerHeld, serverHeld } from "./server-held-state.ts";

export interface Messages {
  readonly encoding: Encoding;
  readonly fold: RunningFold | RobustFold;
  /** What is known to be no honest message is asked for again; undefined where nothing is known. */
  readonly certificate: Certificate | undefined;
}

/** How the messages of what was asked are read, refused and added. */
export function messagesOf(
  { active, constants, deltas }: RoundSetting,
  { round }: Standing,
  { plan: { request, workers, weights }, travel }: Asked,
): Messages {
  const { ports, spec, inbox } = active;
  const { problem, seed } = spec;
  const slots = workers.length;
  const compressor = request.dense ? active.dense : active.compressor;
  const encoding = new Encoding(compressor, seed, round, active.workers);
  const bounding = { request, encoding, constants, problem, points: travel.vectors, slots };
  const { compute } = ports;
  const table = inbox.contributions;
  const rule = aggregationOf(active.algorithm);
  if (rule !== undefined) {
    // Who need not be honest is not asked again: its message is made as short as an honest one.
    const longest = clippingLevel(bounding);
    const fold = new RobustFold({ compute, table, encoding, rule, round, slots, seed, longest });
    return { encoding, fold, certificate: undefined };
  }
  // States that the server holds are moved by the same messages once more, and a planted order needs all of them.
  const early = serverHeld(active.algorithm) === undefined && active.hooks?.foldOrder === undefined;
  const keep = deltas !== undefined && !request.dense;
  const fold = new RunningFold(compute, table, encoding, slots, early, weights, keep);
  return { encoding, fold, certificate: certificateOf(bounding) };
}

export interface Sums {
  /** Of the method's messages, over the number of them, or their robust middle. */
  readonly mean: Float64Array;
  /** Of the exact gradients, where reducers have added them. */
  readonly exact: Float64Array | undefined;
  readonly reduced: Reduced | undefined;
}

/** @param again collects once more what is undefined in its slots. */
export async function sumsOf(
  { active }: RoundSetting,
  { round }: Standing,
  asked: Asked,
  { fold }: Messages,
  accepted: readonly AcceptedContribution[],
  again: (known: readonly (AcceptedContribution | undefined)[]) => Promise<Exchange>,
): Promise<Sums> {
  // Before the reduction: its exchange has the table.
  const folded = asked.ranges.message === 0 ? await fold.mean(active.hooks?.foldOrder) : undefined;
  const kinds = addendsOf(asked, accepted, active.workers);
  const reduced = kinds.length === 0 ? undefined : await reduceVectors(active, round, kinds, accepted, again);
  const sumOf = (of: Addends["of"]) => reduced?.sums[kinds.findIndex((each) => each.of === of)];
  const mean = folded ?? (await meanOf(active.ports.compute, sumOf("messages")!, asked.own.length));
  return { mean, exact: sumOf("evaluations"), reduced };
}

/** What reducers are asked to add. */
function addendsOf(
  { ranges, entryBytes, own, watchers }: Asked,
  accepted: readonly AcceptedContribution[],
  workers: number,
): readonly Addends[] {
  const kinds: Addends[] = [];
  if (ranges.message > 0) {
    const slots = Uint32Array.from(own, (_, slot) => slot);
    kinds.push({ of: "messages", ranges: ranges.message, entryBytes, slots });
  }
  if (ranges.evaluation > 0)
    kinds.push(exactAddends(accepted.slice(0, own.length + watchers.length), workers, ranges.evaluation));
  return kinds;
}

/** The sum that reducers have made, over the number of its vectors. */
function meanOf(compute: Compute, sum: Float64Array, slots: number): Promise<Float64Array> {
  return compute.run(
    () => ({ rows: 0, nonZeros: 0, entries: sum.length }),
    () => {
      for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! / slots;
      return sum;
    },
  );
}

/** The workers' states after the round, where the server holds them; else nothing. @param own accepted of the method's tasks. */
export async function movedStates(
  { active }: RoundSetting,
  { state }: Standing,
  { plan: { request } }: Asked,
  { encoding }: Messages,
  own: readonly AcceptedContribution[],
): Promise<Vectors> {
  const held = serverHeld(active.algorithm);
  if (held === undefined) return {};
  return active.ports.compute.run(
    () => ({ rows: 0, nonZeros: 0, entries: 2 * own.length * active.dimension }),
    () => moveServerHeld(held, state, own, request, encoding, workerNumbers(active.compressor)),
  );
}

/** The messages, for who makes the step again of them; undefined where their mean is shorter. */
export function shorterThanTheMean({ fold }: Messages, dimension: number): readonly Uint8Array[] | undefined {
  let bytes = 0;
  for (const { length } of fold.kept ?? []) bytes += length;
  return bytes > 8 * dimension ? undefined : fold.kept;
}
