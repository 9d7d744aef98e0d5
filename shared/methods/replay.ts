/** The server's step done again, by whoever holds the state before it. */
import type { Compressor } from "../compressors/index.ts";
import { compressorDraw } from "./draws.ts";
import type { IterateSpec, StateLayout } from "./iterates.ts";
import { MessageSum } from "./message-sum.ts";
import type { Method, Vectors } from "./method.ts";
import { startingParticipants } from "./participants.ts";
import { type AlgorithmSpec, createMethod, requestOf } from "./registry.ts";

/** A step that was made, without the state before it. */
export interface MadeStep {
  /** t: it leads from S_t to S_{t+1}. */
  readonly round: number;
  /** n when it was made. */
  readonly workers: number;
  /** Name of the round's request. */
  readonly request: string;
  /** gamma and alpha by which it was made: of its own membership epoch, whatever they are by now. */
  readonly stepSize: number;
  readonly shiftStep: number;
  /** The reference point moved to x^t. */
  readonly refresh: boolean;
  readonly sum: StepSum;
}

/** What the step was made of: the messages as they came, in slot order, or their mean. */
export type StepSum =
  | {
      readonly kind: "messages";
      readonly payloads: readonly Uint8Array[];
      /** Of the slots; absent: 1 each. */
      readonly weights?: Float64Array;
    }
  | { readonly kind: "mean"; readonly mean: Float64Array };

/** What of a run's spec its server's steps are made by. */
export interface ServerSpec extends IterateSpec {
  readonly algorithm: AlgorithmSpec<unknown>;
  readonly seed: number;
}

/** The server's side of a spec's method for one of its steps; who takes part does not matter to it. */
function serverOf(
  { algorithm, iterate }: Omit<ServerSpec, "seed">,
  { workers, stepSize, shiftStep }: Pick<MadeStep, "workers" | "stepSize" | "shiftStep">,
): Method {
  const resolved =
    "participants" in algorithm
      ? {
          ...algorithm,
          participants: startingParticipants(algorithm.participants as never),
        }
      : algorithm;
  const numbers = { workers, stepSize, shiftStep, probability: 1 };
  return createMethod(resolved as AlgorithmSpec, numbers, iterate);
}

/**
 * S_{t+1} from S_t by the fold and the step of the aggregator itself: the same bits.
 * @param compressor of the method, for so many workers.
 * @throws MessageError for what is no message of this compressor.
 */
export function replay(spec: ServerSpec, compressor: Compressor, state: Vectors, step: MadeStep): Vectors {
  const { round, workers, refresh, sum } = step;
  const plan = { request: requestOf(step.request), workers: new Uint32Array(0), refresh };
  return serverOf(spec, step).step(state, plan, meanOf());

  function meanOf(): Float64Array {
    if (sum.kind === "mean") return sum.mean;
    const { payloads, weights } = sum;
    const folded = new MessageSum(compressor, payloads.length, weights);
    for (const [slot, payload] of payloads.entries()) {
      folded.add(payload, compressorDraw(spec.seed, { round, slot, slots: workers }, compressor), slot);
    }
    return folded.mean();
  }
}

/** S_0. */
export function startingServerState(spec: Omit<ServerSpec, "seed">, x0: Float64Array): Vectors {
  return serverOf(spec, { workers: 1, stepSize: 0, shiftStep: 0 }).start(x0);
}

/** The vectors of a run's state. */
export function stateLayout({ algorithm, iterate }: Omit<ServerSpec, "seed">): StateLayout {
  return { names: serverStateNames(algorithm), iterate };
}

/** Names of the vectors of the server's state, in the order in which they are told of. */
export function serverStateNames(algorithm: AlgorithmSpec<unknown>): readonly string[] {
  return Object.keys(startingServerState({ algorithm }, new Float64Array(0)));
}
