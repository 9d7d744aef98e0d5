/**
 * Gradients computed ahead on other threads. When the aggregator sends its tasks, the workers' points are known though
 * on the virtual clock their handlers begin later: so threads begin at once, while the main thread is busy with the
 * protocol. Whoever comes to a worker's gradient first computes it: the same kernel over the same rows, the same bits. The
 * virtual clock knows nothing of it.
 */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { GradientOwner, GradientSource } from "../../lambdas/worker/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import type { Gradient } from "../../shared/methods/index.ts";
import { storedEntries } from "../../shared/problems/index.ts";
import { asksForFullGradient, decodeTask, type Task } from "../../shared/protocol/index.ts";
import {
  type Job,
  type NewSeat,
  POINTS_HELD,
  rowsBytes,
  SeatState,
  seatMemory,
  seatViews,
  sharedRows,
  workAt,
} from "./seat.ts";
import type { GradientsAhead, SharedGradients } from "./shared-gradients.ts";
import { spinWhile } from "./spin.ts";

export interface GradientThreadsOptions {
  readonly threads: number;
  /** Shards with fewer entries (or as little to compute) are left to the main thread: waking another costs as much as their gradients. */
  readonly fromNonZeros?: number;
  /** Threads start when so many entries have been passed over: a short run ends before they are up. */
  readonly startNonZeros?: number;
  /** The main thread waits for what it could compute itself, for tests: then how much they compute is certain. */
  readonly wait?: boolean;
}

/** Some 30 us of a kernel; a thread is awake in about that time. */
const FROM_NON_ZEROS = 20_000;
/** Some 0.2 s of a kernel. */
const START_NON_ZEROS = 100_000_000;
/** Copies of rows for the threads, in all; what does not fit is left to the main thread. */
const SHARED_LIMIT_BYTES = 1_000_000_000;
/** A gradient takes seconds at most: a thread that is silent for so long has died. */
const SILENCE_MILLISECONDS = 120_000;

/** An entry takes some 1.5 ns of a kernel, a network's operation a twentieth of that. */
const FLOP_PER_NON_ZERO = 20;

/** The computing of a gradient, in stored entries of a linear problem. */
function effort({ problem, shard }: GradientSource): number {
  const { nonZeros, flop } = problem.work(shard.rows, storedEntries(shard));
  return nonZeros + flop / FLOP_PER_NON_ZERO;
}

interface Seat extends Job {
  /** Whose gradient is queued, at work, or done. */
  pointRound: number;
}

interface MembershipGradients {
  readonly runDigest: string;
  readonly phase: number;
  readonly dimension: number;
  readonly points: SharedArrayBuffer;
  readonly vectors: Float64Array;
  /** Which round's point each held one is. */
  readonly rounds: number[];
  readonly seats: Map<number, Seat>;
}

export class GradientThreads implements GradientsAhead {
  readonly #options: Required<GradientThreadsOptions>;
  readonly #known: Pick<SharedGradients, "knows">;
  readonly #bell = new Int32Array(new SharedArrayBuffer(4));
  readonly #threads: { readonly worker: Worker; readonly port: MessagePort }[] = [];
  #membership: MembershipGradients | undefined;
  #nonZeros = 0;
  #sharedBytes = 0;
  #seated = 0;
  #taken = 0;

  constructor(options: GradientThreadsOptions, known: Pick<SharedGradients, "knows">) {
    this.#options = { fromNonZeros: FROM_NON_ZEROS, startNonZeros: START_NON_ZEROS, wait: false, ...options };
    this.#known = known;
  }

  /** Gradients that were computed, or begun with, before they were asked for. */
  get taken(): number {
    return this.#taken;
  }

  /** Bodies of tasks that are being sent. */
  announce(bodies: readonly string[]): void {
    const membership = this.#membership;
    if (membership === undefined) return;
    // The threads begin with the last worker as soon as its task is read, the main thread with the first.
    for (let i = bodies.length - 1; i >= 0; i--) {
      if (this.#queue(membership, decodeTask(bodies[i]!)) > 0) this.#ring();
    }
  }

  take(owner: GradientOwner, pointRound: number, source: GradientSource): Gradient | undefined {
    const nonZeros = effort(source);
    if (nonZeros < this.#options.fromNonZeros) return undefined;
    const membership = this.#membership;
    const seat =
      membership?.runDigest === owner.runDigest && membership.phase === owner.phase
        ? membership.seats.get(owner.worker)
        : undefined;
    if (seat === undefined) {
      this.#nonZeros += nonZeros;
      if (this.#nonZeros >= this.#options.startNonZeros) this.#seat(owner, source);
      return undefined;
    }
    if (seat.pointRound !== pointRound) return undefined;
    const { state, result } = seat;
    let found = this.#options.wait
      ? Atomics.load(state, 0)
      : Atomics.compareExchange(state, 0, SeatState.queued, SeatState.idle);
    while (found === SeatState.running || (this.#options.wait && found === SeatState.queued)) {
      // Rather than wait, another worker's gradient that nobody has begun with.
      const worked = !this.#options.wait && workElsewhere(membership!);
      found = worked ? Atomics.load(state, 0) : afterState(state, found);
    }
    if (found !== SeatState.done) return undefined;
    Atomics.store(state, 0, SeatState.idle);
    this.#taken++;
    const { dimension } = source.objective;
    return { vector: result.slice(0, dimension), loss: result[dimension]! };
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.#membership = undefined;
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  /** Returns how many gradients were queued for this task. */
  #queue(membership: MembershipGradients, task: Task): number {
    const { kind, runDigest, phase, points, pointRounds } = task;
    if (runDigest !== membership.runDigest || phase !== membership.phase || !asksForFullGradient(kind))
      return 0;
    const point = points[0];
    const pointRound = pointRounds[0];
    if (point?.kind !== "inline" || pointRound === undefined) return 0;
    let held = -1;
    let queued = 0;
    for (const { worker } of [task, ...(task.others ?? [])]) {
      const seat = membership.seats.get(worker);
      if (seat === undefined || seat.pointRound === pointRound) continue;
      if (this.#known.knows({ runDigest, phase, worker }, pointRound)) continue;
      if (held < 0) held = hold(membership, pointRound, point.vector);
      if (!vacate(seat)) continue;
      seat.pointRound = pointRound;
      Atomics.store(seat.state, 1, held);
      Atomics.store(seat.state, 0, SeatState.queued);
      queued++;
    }
    return queued;
  }

  /** Gives a worker's rows to one of the threads. */
  #seat({ runDigest, phase, worker }: GradientOwner, source: GradientSource): void {
    const { spec, data, shard, weights, objective } = source;
    const bytes = rowsBytes(shard);
    const membership = this.#gradientsOf(runDigest, phase, objective.dimension);
    if (membership === undefined || this.#sharedBytes + bytes > SHARED_LIMIT_BYTES) return;
    this.#sharedBytes += bytes;
    const memory = seatMemory(objective.dimension);
    membership.seats.set(worker, { ...seatViews(memory), objective, pointRound: -1 });
    const { points } = membership;
    const seat: NewSeat = { memory, points, spec, data, shard: sharedRows(shard), weights };
    this.#threadOf(this.#seated++).postMessage(seat);
    this.#ring();
  }

  /** The seats are those of one membership: a later one of the run takes its place; other runs are left to the main thread. */
  #gradientsOf(runDigest: string, phase: number, dimension: number): MembershipGradients | undefined {
    const known = this.#membership;
    if (known?.runDigest === runDigest && known.phase === phase) return known;
    if (known !== undefined && (known.runDigest !== runDigest || known.phase > phase)) return undefined;
    for (const seat of known?.seats.values() ?? []) {
      while (!vacate(seat)) afterState(seat.state, SeatState.running);
      Atomics.store(seat.state, 0, SeatState.closed);
    }
    this.#sharedBytes = 0;
    const points = new SharedArrayBuffer(8 * POINTS_HELD * dimension);
    const vectors = new Float64Array(points);
    const rounds = new Array<number>(POINTS_HELD).fill(-1);
    this.#membership = { runDigest, phase, dimension, points, vectors, rounds, seats: new Map() };
    return this.#membership;
  }

  #threadOf(seat: number): MessagePort {
    const index = seat % this.#options.threads;
    while (this.#threads.length <= index) {
      const { port1, port2 } = new MessageChannel();
      const worker = new Worker(new URL("gradient-thread.ts", import.meta.url), {
        workerData: { bell: this.#bell, port: port2 },
        transferList: [port2],
      });
      worker.unref();
      port1.unref();
      this.#threads.push({ worker, port: port1 });
    }
    return this.#threads[index]!.port;
  }

  #ring(): void {
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }
}

/**
 * The state after this one: waits for the thread.
 * @throws MarinaError "unavailable" when the thread must have died.
 */
function afterState(state: Int32Array, present: number): number {
  const found = spinWhile(state, present);
  if (found !== present) return found;
  if (Atomics.wait(state, 0, present, SILENCE_MILLISECONDS) !== "timed-out") return Atomics.load(state, 0);
  throw new MarinaError(
    "unavailable",
    `a gradient thread has not answered for ${SILENCE_MILLISECONDS / 1000} s: it has died, perhaps for want of memory; ` +
      "set MARINA_THREADS=0 to run without them",
  );
}

/** Computes one gradient that is queued and that no thread has begun with; false where there is none. */
function workElsewhere({ seats, vectors }: MembershipGradients): boolean {
  for (const seat of seats.values()) if (workAt(seat, vectors) === SeatState.queued) return true;
  return false;
}

/** Makes a seat free for another job; false while a thread is at work on the one before. */
function vacate({ state }: Seat): boolean {
  return Atomics.compareExchange(state, 0, SeatState.queued, SeatState.idle) !== SeatState.running;
}

/** Where this round's point is held; writes it down if it is new, once nobody works with the one in its place. */
function hold(
  { rounds, vectors, dimension, seats }: MembershipGradients,
  pointRound: number,
  point: Float64Array,
): number {
  const at = pointRound % POINTS_HELD;
  if (rounds[at] === pointRound) return at;
  for (const seat of seats.values()) {
    if (Atomics.load(seat.state, 1) !== at) continue;
    while (!vacate(seat)) afterState(seat.state, SeatState.running);
  }
  vectors.set(point, at * dimension);
  rounds[at] = pointRound;
  return at;
}
