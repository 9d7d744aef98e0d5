/** The embedded cloud's dice: every latency and fault from one seeded stream, in the order of events. */
import { Purpose, Stream } from "../../shared/math/index.ts";
import { type LatencyProfile, quantileFunction } from "./latencies.ts";

export class Chance {
  readonly #stream: Stream;
  readonly #seesAtOnce: boolean;
  readonly #quantiles: {
    readonly [K in
      | "dispatchStandard"
      | "dispatchFifo"
      | "queueCall"
      | "arrival"
      | "objectGet"
      | "objectPut"
      | "coldStart"
      | "straggler"]: (u: number) => number;
  };

  constructor(seed: number, profile: LatencyProfile) {
    this.#stream = new Stream({ seed, purpose: Purpose.simulation, round: 0, index: 0 });
    this.#seesAtOnce = profile.arrival.max === 0;
    this.#quantiles = {
      dispatchStandard: quantileFunction(profile.dispatchStandard),
      dispatchFifo: quantileFunction(profile.dispatchFifo),
      queueCall: quantileFunction(profile.queueCall),
      arrival: quantileFunction(profile.arrival),
      objectGet: quantileFunction(profile.objectGet),
      objectPut: quantileFunction(profile.objectPut),
      coldStart: quantileFunction(profile.coldStart),
      straggler: quantileFunction(profile.straggler),
    };
  }

  /** Milliseconds from the start of a send to the start of the handler. */
  dispatch(fifo: boolean): number {
    const u = this.#stream.nextUniform();
    return fifo ? this.#quantiles.dispatchFifo(u) : this.#quantiles.dispatchStandard(u);
  }

  /** Milliseconds of an SQS call. */
  queueCall(): number {
    return this.#quantiles.queueCall(this.#stream.nextUniform());
  }

  /** Milliseconds until a long poll sees what has come. Nothing is drawn where it does so at once. */
  arrival(): number {
    return this.#seesAtOnce ? 0 : this.#quantiles.arrival(this.#stream.nextUniform());
  }

  /** Milliseconds to a GET's first byte. */
  objectGet(): number {
    return this.#quantiles.objectGet(this.#stream.nextUniform());
  }

  /** Milliseconds of a PUT, without its bytes. */
  objectPut(): number {
    return this.#quantiles.objectPut(this.#stream.nextUniform());
  }

  /** Milliseconds of INIT. */
  coldStart(): number {
    return this.#quantiles.coldStart(this.#stream.nextUniform());
  }

  /** Factor on an invocation's computing time. */
  straggler(): number {
    return this.#quantiles.straggler(this.#stream.nextUniform());
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.#stream.nextUniform() < probability;
  }

  /** Uniform integer on {0 .. bound - 1}. */
  below(bound: number): number {
    return this.#stream.nextBelow(bound);
  }
}
