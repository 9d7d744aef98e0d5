/** What a report or a watcher needs of a run's rounds: of bounded size, made as the rounds are read. */
import type { HeldOut, RoundRecord } from "../../shared/protocol/index.ts";
import { EpochCounter, type EpochSetting } from "./epochs.ts";
import type { KeptRound } from "./kept-round.ts";
import { type Latencies, LatencyCounter } from "./latencies.ts";
import { ThinnedRounds } from "./thinned.ts";

export interface RoundsDigest {
  /** Rounds that there are. */
  readonly count: number;
  readonly first: RoundRecord | undefined;
  readonly last: KeptRound | undefined;
  /** The first and the last |grad f|^2 that are known. */
  readonly firstNorm: number | null;
  readonly lastNorm: number | null;
  readonly leastLoss: number | null;
  readonly lastHeldOut: HeldOut | null;
  /** Rounds that show a norm, a loss or held-out figures: all of some thousands; of more so many, spikes among them. */
  readonly kept: readonly KeptRound[];
  readonly latencies: Latencies;
}

/** Told a run's rounds in order, from round 0 on. */
export class RoundsDigester {
  #epochs: EpochCounter | undefined;
  #thinned = new ThinnedRounds();
  #latencies = new LatencyCounter();
  #count = 0;
  #first: RoundRecord | undefined;
  #last: KeptRound | undefined;
  #firstNorm: number | null = null;
  #lastNorm: number | null = null;
  #leastLoss: number | null = null;
  #lastHeldOut: HeldOut | null = null;

  /** @param setting undefined: without epochs */
  constructor(setting: EpochSetting | undefined) {
    this.#epochs = setting === undefined ? undefined : new EpochCounter(setting);
  }

  add(record: RoundRecord): void {
    this.#show(this.#count++ === 0 ? record : undefined, record);
    if (shows(this.#last!)) this.#thinned.add(this.#last!);
  }

  /**
   * As it is now.
   * @param newest rounds after those that were added: they may come again, and are not added
   * @param final the row of the final iterate, which no round has begun from
   */
  view(newest: readonly RoundRecord[] = [], final?: RoundRecord): RoundsDigest {
    const then = newest.length === 0 && final === undefined ? this : this.#copy();
    const further: KeptRound[] = [];
    for (const record of final === undefined ? newest : [...newest, final]) {
      then.#show(then.#count++ === 0 ? record : undefined, record);
      further.push(then.#last!);
    }
    return {
      count: then.#count,
      first: then.#first,
      last: then.#last,
      firstNorm: then.#firstNorm,
      lastNorm: then.#lastNorm,
      leastLoss: then.#leastLoss,
      lastHeldOut: then.#lastHeldOut,
      kept: [...this.#thinned.kept(), ...further.filter(shows)],
      latencies: then.#latencies.view(),
    };
  }

  #show(first: RoundRecord | undefined, record: RoundRecord): void {
    this.#first ??= first;
    this.#last = { ...record, epochs: this.#epochs?.epochs ?? null };
    this.#epochs?.add(record);
    this.#latencies.add(record);
    const { loss, gradientNormSquared: norm } = record;
    this.#firstNorm ??= norm;
    this.#lastNorm = norm ?? this.#lastNorm;
    this.#lastHeldOut = record.heldOut ?? this.#lastHeldOut;
    if (loss !== null && loss < (this.#leastLoss ?? Infinity)) this.#leastLoss = loss;
  }

  /** Without the kept rounds. */
  #copy(): RoundsDigester {
    const copy = new RoundsDigester(undefined);
    copy.#epochs = this.#epochs?.copy();
    copy.#latencies = this.#latencies.copy();
    copy.#count = this.#count;
    copy.#first = this.#first;
    copy.#last = this.#last;
    copy.#firstNorm = this.#firstNorm;
    copy.#lastNorm = this.#lastNorm;
    copy.#leastLoss = this.#leastLoss;
    copy.#lastHeldOut = this.#lastHeldOut;
    return copy;
  }
}

function shows({ loss, gradientNormSquared, heldOut }: RoundRecord): boolean {
  return loss !== null || gradientNormSquared !== null || heldOut !== undefined;
}

/** Of rounds that are all there. */
export function digestOf(
  records: Iterable<RoundRecord>,
  setting: EpochSetting | undefined,
  final?: RoundRecord,
): RoundsDigest {
  const digester = new RoundsDigester(setting);
  for (const record of records) digester.add(record);
  return digester.view([], final);
}
