/**
 * Everything that may go wrong on a cloud, each with a ratio of its own and drawn from one seed.
 *
 * Each kind of fault has its own stream, read once at each of its decision points. So the n-th decision of a kind does
 * not depend on the other kinds: a plan can be shrunk by leaving out kinds, or down to single events (kind, n).
 */
import { MarinaError } from "../../shared/base/index.ts";
import { Purpose, Stream } from "../../shared/math/index.ts";
import {
  decodeRunMessage,
  encodeRunMessage,
  frameRunMessage,
  parseRunMessage,
  type RunMessage,
} from "../../shared/protocol/index.ts";

/** Kinds of faults, and what each is a share of. */
export const FAULTS = {
  messageDuplicated: "of messages sent to standard queues: delivered a second time, up to 40 s later",
  messageDelayed: "of messages sent: become visible up to 20 s late",
  messageReordered: "of messages sent to standard queues: put at a random place",
  messageLost: "of deliveries: to nobody, the message comes back when its visibility runs out",
  messageCorrupted: "of deliveries: a character of the body changed, or the body cut off",
  messageDeadLettered: "of deliveries of tasks and control messages: moved to the dead-letter queue instead",
  workerKilled: "of a worker's calls: it dies with the call, before or after it took effect",
  workerSlow: "of a worker's invocations: computes 5 to 200 times slower",
  workerTimedOut: "of a worker's calls: stands still until its invocation times out",
  aggregatorKilled: "of an aggregator's calls: it dies with the call, before or after it took effect",
  aggregatorFrozen: "of an aggregator's calls: stands still for 20 to 320 s, then goes on if it may",
  throttled: "of attempts at a call: refused with 429 or SlowDown",
  failedBefore: "of attempts at a call: 5xx, nothing done",
  failedAfter: "of attempts at a call: 5xx, though it took effect",
  outage: "of calls: all attempts fail",
  batchPartlyFailed: "of batches: a part is refused, and sent again",
  objectSlow: "of an environment's object reads and writes: take up to 3 s more",
  clockSkewed: "of environments: their clock is wrong by up to an hour",
  objectGarbled: "of an environment's object reads: one byte changed on the way, or the rest cut off",
  objectDamaged:
    "of an environment's object writes: stored with one byte changed or cut off, until somebody repairs it",
  coldStarted: "of invocations: get a new environment, its INIT up to 8 times slower",
  starved: "of deliveries to functions: no capacity for up to 20 s",
  concurrencyShort:
    "of accounts: fewer invocations at one time than a round has tasks, and the mapping begins with five",
  writeConflicted: "of conditional writes: answered with 409 at each attempt for a while, whoever writes",
  storeStormed:
    "of an environment's calls: from then on the store refuses all calls of the account for up to 20 s",
  queueUnborn:
    "of queues that are made: unknown to whoever receives from them or sends to them for up to a second",
  queueLingering: "of queues that are destroyed: still there, with their messages, for up to a minute",
  clockJumped: "of an aggregator's calls: its clock jumps by up to two minutes, ahead or back",
  listingStale: "of listings: some of what is there is missing",
  cacheLost: "of writes of what can be made again: lost as soon as it is stored",
  messageForged: "of messages that a worker sends: a number of the payload much larger, the checksum right",
} as const;

export type FaultKind = keyof typeof FAULTS;
export const faultKinds = Object.keys(FAULTS) as readonly FaultKind[];
export type FaultRatios = Readonly<Partial<Record<FaultKind, number>>>;

/** All faults at once, such that a run of some thirty rounds and five workers usually meets each kind. */
export const CHAOS_RATIOS: Readonly<Record<FaultKind, number>> = {
  messageDuplicated: 0.05,
  messageDelayed: 0.01,
  messageReordered: 0.2,
  messageLost: 0.004,
  messageCorrupted: 0.004,
  messageDeadLettered: 0.003,
  workerKilled: 0.004,
  workerSlow: 0.02,
  workerTimedOut: 0.001,
  aggregatorKilled: 0.0012,
  aggregatorFrozen: 0.0012,
  throttled: 0.02,
  failedBefore: 0.01,
  failedAfter: 0.01,
  outage: 0.0008,
  batchPartlyFailed: 0.02,
  objectSlow: 0.02,
  clockSkewed: 0.3,
  objectGarbled: 0.004,
  objectDamaged: 0.0006,
  coldStarted: 0.03,
  starved: 0.003,
  concurrencyShort: 0.1,
  writeConflicted: 0.004,
  storeStormed: 0.0004,
  queueUnborn: 0.3,
  queueLingering: 0.3,
  clockJumped: 0.0006,
  listingStale: 0.1,
  cacheLost: 0.1,
  // Found in compressed differences alone: elsewhere the run ends with other bits.
  messageForged: 0,
};

/** One fault that struck: the n-th decision of its kind. Written `kind#n`. */
export type FaultName = `${FaultKind}#${number}`;

export interface FaultOptions {
  readonly seed: number;
  readonly ratios: FaultRatios;
  /** Only these strike, whatever the ratios. */
  readonly only?: ReadonlySet<string>;
  /** Told of each fault as it strikes. @param where the queue, call or function that it hits. */
  readonly onStrike?: (fault: FaultName, where: string) => void;
}

/** A kind of fault in one plan. */
interface KindOfFault {
  readonly index: number;
  readonly ratio: number;
  /** Read once at each of its decision points. */
  readonly stream: Stream;
  /** So many so far. */
  decisions: number;
}

export class FaultPlan {
  readonly #seed: number;
  readonly #kinds: Readonly<Record<FaultKind, KindOfFault>>;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #onStrike: ((fault: FaultName, where: string) => void) | undefined;
  readonly #struck: FaultName[] = [];
  readonly #damages: Damage[] = [];
  #active = true;
  /** Virtual milliseconds until which the store refuses everybody. */
  stormUntil = 0;
  /** For so long aggregators were made to stand still, in all, each by itself; one may run out of time before. */
  frozenMilliseconds = 0;
  /** Queue -> until when nobody knows it. */
  readonly unborn = new Map<string, number>();

  /** @throws MarinaError "usage" for a ratio that is no probability. */
  constructor({ seed, ratios, only, onStrike }: FaultOptions) {
    this.#seed = seed;
    this.#only = only;
    this.#onStrike = onStrike;
    const kinds = faultKinds.map((kind, index): [FaultKind, KindOfFault] => {
      const ratio = ratios[kind] ?? 0;
      if (!(ratio >= 0 && ratio <= 1)) {
        throw new MarinaError("usage", `faults: ${kind}: expected a ratio from 0 to 1, got ${ratio}`);
      }
      const stream = new Stream({ seed, purpose: Purpose.faults, round: 0, index });
      return [kind, { index, ratio, stream, decisions: 0 }];
    });
    this.#kinds = Object.fromEntries(kinds) as Record<FaultKind, KindOfFault>;
  }

  /** The faults that struck so far, in their order. */
  get struck(): readonly FaultName[] {
    return this.#struck;
  }

  /** Everything that was stored damaged; some of it may have been overwritten or deleted since. */
  get damages(): readonly Damage[] {
    return this.#damages;
  }

  /** What is stored in place of this object. */
  damage(key: string, intact: Uint8Array, dice: Stream): Uint8Array {
    const damaged = garbled(key, intact, dice);
    this.#damages.push({ key, damaged, intact });
    return damaged;
  }

  /** No fault strikes from now on. */
  stop(): void {
    this.#active = false;
    this.stormUntil = 0;
    this.unborn.clear();
  }

  /** Does this kind strike here? If so, a stream that says how: how long, how much, where. */
  strike(kind: FaultKind, where: string): Stream | undefined {
    // Asked some twenty thousand times a run, nearly always in vain: the fault gets its name when it strikes.
    const of = this.#kinds[kind];
    const only = this.#only;
    if (!this.#active || (of.ratio === 0 && only === undefined)) return undefined;
    const decision = ++of.decisions;
    const strikes = only === undefined ? of.stream.nextUniform() < of.ratio : only.has(`${kind}#${decision}`);
    if (!strikes) return undefined;
    const name: FaultName = `${kind}#${decision}`;
    this.#struck.push(name);
    this.#onStrike?.(name, where);
    return new Stream({ seed: this.#seed, purpose: Purpose.faults, round: decision, index: of.index });
  }
}

/** A body as it may arrive: one character changed, or cut off. */
export function corrupted(body: string, dice: Stream): string {
  const at = dice.nextBelow(body.length);
  if (dice.nextUniform() < 0.3) return body.slice(0, at);
  const other = body[at] === "A" ? "B" : "A";
  return `${body.slice(0, at)}${other}${body.slice(at + 1)}`;
}

/** A contribution, the first of a pack, whose first number is much larger, under a checksum of its own; other bodies as they are. */
export function forged(body: string, dice: Stream): string {
  const message = decodeRunMessage(body);
  if (message.kind !== "pack") return encodeRunMessage(forgedMessage(message, dice));
  const [first, ...others] = message.parts;
  const part = frameRunMessage(forgedMessage(parseRunMessage(first!), dice));
  return encodeRunMessage({ ...message, parts: [part, ...others] });
}

function forgedMessage(message: RunMessage, dice: Stream): RunMessage {
  if (message.kind !== "contribution" || message.payload.length < 4) return message;
  const payload = new Uint8Array(message.payload);
  const view = new DataView(payload.buffer);
  const factor = 1e3 * (1 + 999 * dice.nextUniform());
  view.setFloat32(0, factor * Math.max(1, Math.abs(view.getFloat32(0, true))), true);
  return { ...message, payload };
}

/**
 * Bytes as they may arrive or come to lie: one changed, or cut off. Text (JSON) is only cut: nothing but the store's own
 * checksums tells one number from another in it.
 */
export function garbled(key: string, bytes: Uint8Array, dice: Stream): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = dice.nextBelow(bytes.length);
  // Copies: what comes in may be the store's own memory (and `slice` of a Buffer is a view of it).
  if (key.endsWith(".json") || dice.nextUniform() < 0.3) return new Uint8Array(bytes.subarray(0, at));
  const changed = new Uint8Array(bytes);
  changed[at]! ^= 1 << dice.nextBelow(8);
  return changed;
}

/** An object that lies in the store damaged, and what it should be. */
export interface Damage {
  readonly key: string;
  readonly damaged: Uint8Array;
  readonly intact: Uint8Array;
}

/** The kind of a fault that struck. */
export function kindOf(fault: FaultName): FaultKind {
  return fault.slice(0, fault.indexOf("#")) as FaultKind;
}
