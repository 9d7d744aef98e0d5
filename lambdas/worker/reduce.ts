/**
 * A reducer: adds one range of coordinates over the vectors that the workers of a round have stored, in the order that its task
 * names, and stores the sum. Each coordinate's sum is made by the same additions in the same order as if one had added the
 * whole vectors: the same bits, into however many ranges they are cut.
 */
import { crc32 } from "node:zlib";
import { MarinaError, MessageError } from "../../shared/base/index.ts";
import { type ObjectStore, readChecked } from "../../shared/cloud/index.ts";
import {
  bytesOfRange,
  contributionKey,
  observationKey,
  observedSumKey,
  type Reduction,
  type RunMessage,
  sumKey,
  type Task,
} from "../../shared/protocol/index.ts";
import type { WorkerContext } from "./ready.ts";

/**
 * Ranges that are read at one time: one that is late should not let the network interface stand idle. Not more than Node's
 * connections to the store, nor than so many bytes.
 */
const READS_AT_ONCE = 48;
const BYTES_AT_ONCE = 64_000_000;
/** Entries that are added in one step: one of its own for each of many small ranges would cost more than they do. */
const PIECE = 20_000;
/** Over an entry that is added: its bytes are looked through, decoded and added. */
const ADDING_PASSES = 3;

/** @throws MarinaError "message" for a task without what is to be added; what the store throws. */
export async function reduce(task: Task, { ports, cold }: WorkerContext): Promise<RunMessage> {
  const { objects, clock, compute } = ports;
  const { kind, run, runDigest, phase, round, slot, worker, reduction } = task;
  if (reduction === undefined) throw new MarinaError("message", `task: ${kind} without what is to be added`);
  const outside = kind === "reduce-observed";
  const keyOf = outside ? observationKey : contributionKey;
  const started = clock.now();
  const { start, end } = bytesOfRange(reduction);
  const sum = new Float64Array((end - start) / reduction.entryBytes);
  const lost: number[] = [];
  const atOnce = Math.max(1, Math.min(READS_AT_ONCE, Math.floor(BYTES_AT_ONCE / (end - start))));
  const reads = new Ahead(reduction.slots.length, atOnce, (at) =>
    readRange(objects, keyOf(run, phase, round, reduction.slots[at]!), reduction, at),
  );
  let waiting: Uint8Array[] = [];
  const addWaiting = (): Promise<void> => {
    const parts = waiting;
    waiting = [];
    return compute.run(
      () => ({ rows: 0, nonZeros: 0, entries: ADDING_PASSES * parts.length * sum.length }),
      () => {
        for (const part of parts) add(part, reduction.entryBytes, sum);
      },
    );
  };
  for (let at = 0; at < reduction.slots.length; at++) {
    const bytes = await reads.take(at);
    if (bytes === undefined) lost.push(reduction.slots[at]!);
    else waiting.push(bytes);
    if (waiting.length * sum.length >= PIECE) await addWaiting();
  }
  if (lost.length === 0) await addWaiting();
  const body = new Uint8Array(sum.buffer);
  if (lost.length === 0)
    await objects.put((outside ? observedSumKey : sumKey)(run, phase, round, reduction.range), body);
  return {
    kind: "reduced",
    ...{ runDigest, phase, round, slot, worker, outside },
    checksum: lost.length === 0 ? crc32(body) : 0,
    lost,
    computeMilliseconds: clock.now() - started,
    cold,
  };
}

/**
 * The range's bytes; undefined where the object is gone, cut off or another than its worker has told of: that worker can make it
 * again. @throws what else the store throws.
 */
async function readRange(
  objects: Pick<ObjectStore, "get">,
  key: string,
  reduction: Reduction,
  at: number,
): Promise<Uint8Array | undefined> {
  const range = bytesOfRange(reduction);
  const expected = reduction.checksums[at]!;
  const checked = (body: Uint8Array): Uint8Array => {
    if (body.length !== range.end - range.start || crc32(body) !== expected) {
      throw new MessageError(
        `${key}: bytes ${range.start} to ${range.end} are not those that its worker has told of`,
      );
    }
    return body;
  };
  try {
    return (await readChecked(objects, key, checked, { range })).value;
  } catch (error) {
    // "usage": the range lies beyond the end of what is stored.
    if (error instanceof MarinaError && LOST.has(error.code)) return undefined;
    throw error;
  }
}

const LOST: ReadonlySet<string> = new Set(["not-found", "message", "usage"]);

/** sum += the numbers of the bytes. They are finite, or are to be told as they are: their worker has looked. */
function add(bytes: Uint8Array, entryBytes: 4 | 8, sum: Float64Array): void {
  const values = numbersOf(bytes, entryBytes);
  for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! + values[j]!;
}

/** A view where the memory is aligned, else a copy. */
function numbersOf(bytes: Uint8Array, entryBytes: 4 | 8): Float32Array | Float64Array {
  const { buffer, byteOffset } = byteOffsetIsAligned(bytes, entryBytes) ? bytes : new Uint8Array(bytes);
  const count = bytes.length / entryBytes;
  return entryBytes === 4
    ? new Float32Array(buffer, byteOffset, count)
    : new Float64Array(buffer, byteOffset, count);
}

function byteOffsetIsAligned({ byteOffset }: Uint8Array, entryBytes: number): boolean {
  return byteOffset % entryBytes === 0;
}

/** Reads ahead of who takes them in their order. */
class Ahead {
  readonly #read: (at: number) => Promise<Uint8Array | undefined>;
  readonly #count: number;
  readonly #atOnce: number;
  readonly #begun: Promise<Uint8Array | undefined>[] = [];

  constructor(count: number, atOnce: number, read: (at: number) => Promise<Uint8Array | undefined>) {
    this.#count = count;
    this.#atOnce = atOnce;
    this.#read = read;
  }

  take(at: number): Promise<Uint8Array | undefined> {
    while (this.#begun.length < Math.min(this.#count, at + this.#atOnce)) {
      const reading = this.#read(this.#begun.length);
      // Whoever takes it is told; until then nobody has to know.
      reading.catch(() => undefined);
      this.#begun.push(reading);
    }
    const reading = this.#begun[at]!;
    // What was taken is let go.
    this.#begun[at] = NOTHING;
    return reading;
  }
}

const NOTHING: Promise<undefined> = Promise.resolve(undefined);
