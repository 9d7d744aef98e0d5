/**
 * Gradients that go from a round to the next one through the store: whichever environment computes grad f_i(x^t) keeps it there, and
 * whichever has worker i's task in round t + 1 reads it instead of computing it again. The same bits: float64 as it was computed. Nothing
 * of it has to last: what is not there, or is not what it should be, is computed.
 */
import { MarinaError } from "../../shared/base/index.ts";
import type { Ports, Work } from "../../shared/cloud/index.ts";
import {
  decodeGradient,
  encodeGradient,
  type GradientIdentity,
  gradientKey,
  type Task,
  vectorCrc,
} from "../../shared/protocol/index.ts";

/** Over a vector that is read or kept: its checksum and its copy, and the checksum of its point. */
const PASSES = 3;

interface Kept {
  readonly task: Task;
  readonly point: Float64Array;
  readonly gradient: Float64Array;
}

export class StoredGradients {
  /** Objects asked for so far, found or not. */
  reads = 0;
  /** Bytes of those that were found. */
  bytesRead = 0;
  readonly #ports: Ports;
  /** Of the task at hand, on their way once it is answered. */
  #kept: Kept[] = [];

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /**
   * grad f_i at the older of a task's points, as the round before has kept it; undefined where it must be computed.
   * @param w the point.
   */
  async read(task: Task, w: Float64Array): Promise<Float64Array | undefined> {
    const { objects, compute, log } = this.#ports;
    const identity = identityOf(task, task.pointRounds[1]!, w);
    const key = gradientKey(task.run, identity.phase, identity.round, identity.worker);
    this.reads++;
    try {
      const { body } = await objects.get(key);
      this.bytesRead += body.length;
      return await compute.run(
        () => passesOver(w.length),
        () => decodeGradient(body, identity, w.length, key),
      );
    } catch (error) {
      if (!(error instanceof MarinaError)) throw error;
      // Not there yet, or gone: that is no news.
      if (error.code !== "not-found") log.warn("stored-gradient-unusable", { key, error: error.message });
      return undefined;
    }
  }

  /** Notes what is to be kept of a task: nobody's answer waits for it. @param x the newer of its points. */
  keep(task: Task, x: Float64Array, gradient: Float64Array): void {
    this.#kept.push({ task, point: x, gradient });
  }

  /** The task at hand has failed, or is another one. */
  drop(): void {
    this.#kept = [];
  }

  /** Puts what was noted. What can't be brought there is computed again by whoever needs it. */
  async store(): Promise<void> {
    const kept = this.#kept;
    this.drop();
    await Promise.all(kept.map((each) => this.#put(each)));
  }

  async #put({ task, point, gradient }: Kept): Promise<void> {
    const { objects, compute, log } = this.#ports;
    const identity = identityOf(task, task.pointRounds[0]!, point);
    const key = gradientKey(task.run, identity.phase, identity.round, identity.worker);
    const bytes = await compute.run(
      () => passesOver(gradient.length),
      () => encodeGradient(identity, gradient),
    );
    try {
      // Unconditional: whoever writes this key for this run writes the same bytes.
      await objects.put(key, bytes);
    } catch (error) {
      if (!(error instanceof MarinaError)) throw error;
      log.warn("gradient-not-stored", { key, error: error.message });
    }
  }
}

function identityOf(
  { runDigest, phase, workers, worker }: Task,
  round: number,
  point: Float64Array,
): GradientIdentity {
  return { runDigest, phase, workers, round, worker, point: vectorCrc(point) };
}

function passesOver(dimension: number): Work {
  return { rows: 0, nonZeros: 0, entries: PASSES * dimension };
}
