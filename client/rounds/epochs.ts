/** Epochs: how often a run has passed over the data, in gradients of single rows. */
import { isPair, methodOf, type RequestDefinition, serverDraws } from "../../shared/methods/index.ts";
import type { RoundRecord, RunSpec } from "../../shared/protocol/index.ts";

/** What the epochs of a run depend on, besides its rounds. */
export interface EpochSetting {
  readonly spec: Pick<RunSpec, "algorithm" | "seed">;
  /** N, rows used. */
  readonly rows: number;
  /** p or q, with which a method's coin falls. */
  readonly probability: number;
}

/** Of one run, told its rounds one after the other, from round 0 on. */
export class EpochCounter {
  readonly #setting: EpochSetting;
  readonly #requests: readonly RequestDefinition[];
  #rowGradients = 0;
  /** n, as the last dense round had it: the number changes in no other. */
  #workers = 1;

  constructor(setting: EpochSetting) {
    this.#setting = setting;
    this.#requests = methodOf(setting.spec.algorithm).requests;
  }

  /** Gradients of rows that the rounds so far have asked for, by the rows: those before x^t could be formed. */
  get epochs(): number {
    return this.#rowGradients / this.#setting.rows;
  }

  add(record: RoundRecord): void {
    this.#rowGradients += this.#ofRound(record);
  }

  copy(): EpochCounter {
    const copy = new EpochCounter(this.#setting);
    copy.#rowGradients = this.#rowGradients;
    copy.#workers = this.#workers;
    return copy;
  }

  /**
   * Row gradients of round t, as the methods are written: for each slot and each gradient that its request names the rows that it
   * is of, b of a mini-batch; but a gradient over all rows at a point at which the same worker has computed it in an earlier
   * round is that one, as in Algorithm 1 of MARINA, where grad f_i(x^k) is known when grad f_i(x^{k+1}) is computed.
   */
  #ofRound({ round, dense, slots }: RoundRecord): number {
    const { spec, rows, probability } = this.#setting;
    const { algorithm } = spec;
    const request = this.#requests.find((one) => one.dense === dense) ?? this.#requests[0]!;
    // Slots that are drawn anew each round may be other workers than before.
    if (dense) this.#workers = slots;
    // Slots that are drawn anew each round may be other workers than before, and have a part of the rows.
    const drawn = !dense && "participants" in algorithm;
    const own = drawn ? (rows * slots) / this.#workers : rows;
    let gradients = 0;
    for (const need of request.gradients) {
      if (need.rows === "batch") gradients += slots * sizeOf(algorithm, "batchSize");
      else if (need.rows === "large-batch") gradients += slots * sizeOf(algorithm, "largeBatchSize");
      else if (need.held !== undefined) {
        // The reference point has moved to the iterate of the round before when that round's coin said so.
        const moved = round === 0 || serverDraws(spec.seed, round - 1).coin(probability);
        gradients += moved ? own : 0;
      } else if (need.at === "iterate" || drawn || !isPair(request)) gradients += own;
    }
    return gradients;
  }
}

function sizeOf(algorithm: EpochSetting["spec"]["algorithm"], field: "batchSize" | "largeBatchSize"): number {
  return (algorithm as unknown as Readonly<Record<string, number>>)[field] ?? 0;
}
