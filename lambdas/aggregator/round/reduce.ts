/**
 * A round's dense vectors, added by reducers: workers have stored theirs and told of the checksums of their ranges; one task for
 * each range adds it over all vectors, in the order of the slots or workers; the sums are read and put together. What of it is
 * lost, at any step, is made again: vectors by their workers, sums by their reducers.
 */
import { crc32 } from "node:zlib";
import { MarinaError, MessageError } from "../../../shared/base/index.ts";
import { type ObjectStore, readChecked } from "../../../shared/cloud/index.ts";
import {
  bytesOfRange,
  contributionKey,
  observationKey,
  observedSumKey,
  plainTask,
  type Reduction,
  rangeStart,
  sumKey,
  type Task,
} from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { type Exchange, exchange } from "../exchange/exchange.ts";
import { WorkerFailure } from "../exchange/worker-failure.ts";
import type { ActiveRun } from "../term/active-run.ts";

/** Times that sums, and the vectors that were lost of them, are asked for in all; then the run fails. */
const MAX_ATTEMPTS = 10;
/** A sum's numbers are float64. */
const SUM_ENTRY_BYTES = 8;

/** Vectors of one kind that are to be added. */
export interface Addends {
  /** The method's messages, or exact gradients for the record. */
  readonly of: "messages" | "evaluations";
  /** S */
  readonly ranges: number;
  readonly entryBytes: 4 | 8;
  /** Whose vectors are added, in this order. */
  readonly slots: Uint32Array;
}

/** What came of it. */
export interface Reduced {
  /** The sum of each kind of vectors, in the order in which they were given. */
  readonly sums: readonly Float64Array[];
  readonly traffic: ReductionTraffic;
}

/** What the exchanges of a reduction were, in all, but for what reducers have read. */
export interface ReductionTraffic {
  readonly taskBytes: number;
  /** Of reducers' answers and sums. */
  readonly uplinkBytes: number;
  /** Of tasks, answers and sums outside the method. */
  readonly outsideBytes: number;
  readonly resent: number;
  readonly hedged: number;
  readonly dropped: number;
  /** Answers of those whose vectors were lost: the later ones, with what they have stored anew. */
  readonly collectedAgain: readonly AcceptedContribution[];
}

/** What is counted of them. */
type Counts = { -readonly [count in Exclude<keyof ReductionTraffic, "collectedAgain">]: number };

/** One reducer's work. */
interface Part {
  readonly addends: Addends;
  readonly range: number;
  readonly at: number;
}

/**
 * @param collected slot -> what the round's tasks were answered with.
 * @param again collects once more what is undefined in its slots.
 * @throws WorkerFailure where something is lost again and again; what an exchange throws.
 */
export async function reduceVectors(
  active: ActiveRun,
  round: number,
  kinds: readonly Addends[],
  collected: readonly AcceptedContribution[],
  again: (known: readonly (AcceptedContribution | undefined)[]) => Promise<Exchange>,
): Promise<Reduced> {
  const { ports, run, phase, dimension, workers, taskQueue, inbox, hedging } = active;
  const parts = kinds
    .flatMap((addends) => Array.from({ length: addends.ranges }, (_, range) => ({ addends, range })))
    .map((part, at): Part => ({ ...part, at }));
  const sums = kinds.map(() => new Float64Array(dimension));
  const traffic: Counts = { taskBytes: 0, uplinkBytes: 0, outsideBytes: 0, resent: 0, hedged: 0, dropped: 0 };
  const collectedAgain: AcceptedContribution[] = [];
  let accepted = collected;
  let known: (AcceptedContribution | undefined)[] | undefined;
  for (let attempt = 1; ; attempt++) {
    const tasks = parts.map((part) => reducerTask(active, round, part, accepted));
    const readings = new Map<number, Promise<boolean>>();
    /** Reads the sums of those who have answered since. */
    const follow = (): void => {
      for (const { addends, range, at } of parts) {
        const message = inbox.contributions.accepted[at]?.message;
        if (message?.kind !== "reduced" || message.lost.length > 0) continue;
        if (readings.has(at) || known?.[at] !== undefined) continue;
        const reading = readSum(
          ports.objects,
          sumKeyOf(addends)(run, phase, round, range),
          { dimension, entryBytes: SUM_ENTRY_BYTES, ranges: addends.ranges, range },
          message.checksum,
        ).then((part) => {
          if (part === undefined) return false;
          traffic[addends.of === "messages" ? "uplinkBytes" : "outsideBytes"] += part.byteLength;
          sums[kinds.indexOf(addends)]!.set(part, rangeStart(dimension, addends.ranges, range));
          return true;
        });
        // Looked at below; until then nobody has to know.
        reading.catch(() => undefined);
        readings.set(at, reading);
      }
    };
    const done = await exchange(ports, taskQueue, inbox, tasks, "reduced", 1, hedging, {
      counted: follow,
      known,
    });
    follow();
    add(traffic, done);
    const here: (AcceptedContribution | undefined)[] = [];
    for (const { at } of parts) {
      const whole = known?.[at] !== undefined || (await readings.get(at)) === true;
      here.push(whole ? done.accepted[at] : undefined);
      if (known?.[at] !== undefined) continue;
      traffic.uplinkBytes += done.accepted[at]!.bytes;
      traffic.outsideBytes += done.accepted[at]!.evaluationBytes;
    }
    known = here;
    const missing = parts.filter(({ at }) => here[at] === undefined);
    if (missing.length === 0) break;
    const lost = lostSlots(missing, done.accepted);
    ports.log.warn("vectors-lost", { run, round, sums: missing.length, slots: [...lost] });
    if (attempt === MAX_ATTEMPTS) {
      throw new WorkerFailure(
        "worker-failed",
        { run, round, workers, worker: workers + missing[0]!.at },
        `vectors or sums in the object store were lost ${MAX_ATTEMPTS} times; look into what deletes or changes runs/${run}/contributions/`,
      );
    }
    if (lost.size > 0) {
      const more = await again(accepted.map((each, slot) => (lost.has(slot) ? undefined : each)));
      add(traffic, more);
      accepted = more.accepted;
      for (const slot of lost) collectedAgain.push(accepted[slot]!);
    }
  }
  active.usedUp.add(keysOf(active, round, kinds));
  return { sums, traffic: { ...traffic, collectedAgain } };
}

function add(traffic: Counts, { taskBytes, outsideBytes, resent, hedged, dropped }: Exchange): void {
  traffic.taskBytes += taskBytes;
  traffic.outsideBytes += outsideBytes;
  traffic.resent += resent;
  traffic.hedged += hedged;
  traffic.dropped += dropped;
}

function sumKeyOf({ of }: Addends): typeof sumKey {
  return of === "messages" ? sumKey : observedSumKey;
}

/** The task of one reducer. Its worker is none of those who have data: answers of theirs are none of its. */
function reducerTask(
  { run, digest: runDigest, replyTo, phase, workers, dimension }: ActiveRun,
  round: number,
  { addends, range, at }: Part,
  accepted: readonly AcceptedContribution[],
): Task {
  const { of, ranges, entryBytes, slots } = addends;
  const checksums = Uint32Array.from(slots, (slot) => checksumOf(accepted[slot]!, of, range));
  const kind = of === "messages" ? "reduce" : "reduce-observed";
  const nothing = { evaluate: false, oldestNeededRound: 0, points: [], pointRounds: [] };
  return {
    ...plainTask({ kind, run, runDigest, round, phase, workers, replyTo, ...nothing }, at, workers + at),
    reduction: { dimension, entryBytes, ranges, range, slots, checksums },
  };
}

function checksumOf({ message }: AcceptedContribution, of: Addends["of"], range: number): number {
  const { payloadRanges, evaluationRanges } = message as Partial<
    Record<"payloadRanges" | "evaluationRanges", Uint32Array>
  >;
  const checksum = (of === "messages" ? payloadRanges : evaluationRanges)?.[range];
  if (checksum !== undefined) return checksum;
  throw new MarinaError(
    "message",
    `round: worker ${message.worker} has told of no range ${range} of its ${of}`,
  );
}

/** The numbers of a sum; undefined where they are gone or others than their reducer has told of. */
async function readSum(
  objects: Pick<ObjectStore, "get">,
  key: string,
  range: Omit<Reduction, "slots" | "checksums">,
  checksum: number,
): Promise<Float64Array | undefined> {
  const { start, end } = bytesOfRange(range);
  const checked = (body: Uint8Array): Float64Array => {
    if (body.length !== end - start || crc32(body) !== checksum)
      throw new MessageError(`${key}: its bytes are not those that its reducer has told of`);
    const aligned = body.byteOffset % SUM_ENTRY_BYTES === 0 ? body : new Uint8Array(body);
    return new Float64Array(aligned.buffer, aligned.byteOffset, body.length / SUM_ENTRY_BYTES);
  };
  try {
    return (await readChecked(objects, key, checked)).value;
  } catch (error) {
    if (error instanceof MarinaError && (error.code === "not-found" || error.code === "message"))
      return undefined;
    throw error;
  }
}

/** The slots whose vectors reducers have missed. */
function lostSlots(missing: readonly Part[], accepted: readonly AcceptedContribution[]): ReadonlySet<number> {
  const lost = missing.flatMap(({ at }) => {
    const { message } = accepted[at]!;
    return message.kind === "reduced" ? message.lost : [];
  });
  return new Set(lost);
}

/** Vectors and sums that are of no use any more. */
function keysOf({ run, phase }: ActiveRun, round: number, kinds: readonly Addends[]): string[] {
  return kinds.flatMap((addends) => [
    ...Array.from(addends.slots, (slot) =>
      (addends.of === "messages" ? contributionKey : observationKey)(run, phase, round, slot),
    ),
    ...Array.from({ length: addends.ranges }, (_, range) => sumKeyOf(addends)(run, phase, round, range)),
  ]);
}
