/** An environment's ports on a bad day: services that refuse and fail, and an environment that dies or stands still. */

import { MarinaError } from "../../shared/base/index.ts";
import type {
  MessageQueue,
  ObjectStore,
  OutgoingMessage,
  Ports,
  QueueAddress,
} from "../../shared/cloud/index.ts";
import type { FunctionRole } from "../../shared/cost/index.ts";
import type { Stream } from "../../shared/math/index.ts";
import { corrupted, type FaultPlan, forged, garbled } from "./faults.ts";

/** As the AWS adapters have it: attempts in all, and before attempt k + 1 half to all of 50 ms x 2^(k-1), at most 2 s. */
const ATTEMPTS = 5;
const BACK_OFF_MILLISECONDS = 50;
const BACK_OFF_LIMIT_MILLISECONDS = 2000;
/** A refusal is back after so long. */
const REFUSAL_MILLISECONDS = 8;
const FREEZE_MILLISECONDS = { least: 20_000, most: 320_000 } as const;
const STORM_MILLISECONDS = 20_000;
const UNBORN_MILLISECONDS = 1000;
const JUMP_MILLISECONDS = 120_000;
/** Objects that whoever needs them makes again: spectra, progress of calibration, contributions that lie in the store, deltas and the server's state. */
const CACHED =
  /^datasets\/[^/]+\/spectra\/|^runs\/[^/]+\/(preparation\.json|contributions\/|iterates\/(delta|state)-)/;

/** What can be done to an environment. */
export interface Victim {
  /** It dies so many milliseconds from now, if it is still at work then. */
  killIn(milliseconds: number): void;
  /** It stands still: no answer reaches it meanwhile. @param holdsCall the call at hand leaves only afterwards. */
  stall(milliseconds: number, holdsCall: boolean): void;
}

/**
 * The same ports with faults at every call. In front of the services are the bounded retries that the SDK and the AWS
 * adapters make, so that handlers see what they would see there: a call that took longer, a write whose first reply was
 * lost (and whose repetition meets its own condition), or `unavailable` when all attempts have failed.
 */
export function faultyPorts(ports: Ports, role: FunctionRole, plan: FaultPlan, victim: Victim): Ports {
  const { clock } = ports;
  const skewed = plan.strike("clockSkewed", role);
  let skew = skewed === undefined ? 0 : 3_600_000 * (2 * skewed.nextUniform() - 1);

  const disturb = (what: string): void => {
    const killed = plan.strike(role === "worker" ? "workerKilled" : "aggregatorKilled", what);
    // A request leaves within a millisecond and takes effect some ten later: all orders of death and effect occur.
    if (killed !== undefined) victim.killIn(killed.nextUniform() < 0.3 ? 0 : 40 * killed.nextUniform());
    if (role === "worker") {
      if (plan.strike("workerTimedOut", what) !== undefined) victim.stall(Number.POSITIVE_INFINITY, false);
      return;
    }
    const jumped = plan.strike("clockJumped", what);
    if (jumped !== undefined) skew += JUMP_MILLISECONDS * (2 * jumped.nextUniform() - 1);
    const frozen = plan.strike("aggregatorFrozen", what);
    if (frozen === undefined) return;
    const { least, most } = FREEZE_MILLISECONDS;
    const milliseconds = least + (most - least) * frozen.nextUniform();
    plan.frozenMilliseconds += milliseconds;
    victim.stall(milliseconds, frozen.nextUniform() < 0.5);
  };

  const call = async <T>(what: string, attempt: () => Promise<T>): Promise<T> => {
    disturb(what);
    const outage = plan.strike("outage", what);
    for (let made = 1; ; made++) {
      const failure =
        outage === undefined ? failureOf(what) : { effect: outage.nextUniform() < 0.5, dice: outage };
      if (failure === undefined) return attempt();
      if (failure.effect) {
        // The reply is lost, whatever it was.
        await attempt().then(
          () => undefined,
          () => undefined,
        );
      } else await clock.sleep(REFUSAL_MILLISECONDS);
      if (made === ATTEMPTS) {
        throw new MarinaError(
          "unavailable",
          `${what}: no success after ${ATTEMPTS} attempts (simulated fault)`,
        );
      }
      await backOff(made, failure.dice);
    }
  };

  const failureOf = (what: string): { readonly effect: boolean; readonly dice: Stream } | undefined => {
    const refused = plan.strike("throttled", what) ?? plan.strike("failedBefore", what);
    if (refused !== undefined) return { effect: false, dice: refused };
    const lost = plan.strike("failedAfter", what);
    return lost === undefined ? undefined : { effect: true, dice: lost };
  };

  const backOff = (made: number, dice: Stream): Promise<void> => {
    const longest = Math.min(BACK_OFF_LIMIT_MILLISECONDS, BACK_OFF_MILLISECONDS * 2 ** (made - 1));
    return clock.sleep(longest * (0.5 + 0.5 * dice.nextUniform()));
  };

  /** The store refuses every call of the account, for a while. */
  const stormed = async <T>(what: string, attempt: () => Promise<T>): Promise<T> => {
    const storm = plan.strike("storeStormed", what);
    if (storm !== undefined) plan.stormUntil = clock.now() + STORM_MILLISECONDS * storm.nextUniform();
    for (let made = 1; clock.now() < plan.stormUntil; made++) {
      await clock.sleep(REFUSAL_MILLISECONDS);
      if (made === ATTEMPTS) {
        throw new MarinaError("unavailable", `${what}: SlowDown at each of ${ATTEMPTS} attempts (simulated)`);
      }
      await clock.sleep(Math.min(BACK_OFF_LIMIT_MILLISECONDS, BACK_OFF_MILLISECONDS * 2 ** (made - 1)));
    }
    return attempt();
  };

  const slowly = async <T>(what: string, attempt: () => Promise<T>): Promise<T> => {
    const slow = plan.strike("objectSlow", what);
    if (slow !== undefined) await clock.sleep(3000 * slow.nextUniform());
    return stormed(what, () => call(what, attempt));
  };

  /** Refused items of a batch are sent again. */
  const byParts = async <T>(
    what: string,
    items: readonly T[],
    attempt: (part: readonly T[]) => Promise<void>,
  ): Promise<void> => {
    const split = items.length > 1 ? plan.strike("batchPartlyFailed", what) : undefined;
    if (split === undefined) return call(what, () => attempt(items));
    const taken = 1 + split.nextBelow(items.length - 1);
    await call(what, () => attempt(items.slice(0, taken)));
    await backOff(1, split);
    return call(what, () => attempt(items.slice(taken)));
  };

  /** S3 answers 409 where conditional writes of one key meet; the adapter tries again, as often as with anything else. */
  const conflicted = async (what: string): Promise<void> => {
    const conflict = plan.strike("writeConflicted", what);
    if (conflict === undefined) return;
    const refusals = 1 + conflict.nextBelow(ATTEMPTS);
    for (let made = 1; made <= refusals; made++) {
      await clock.sleep(REFUSAL_MILLISECONDS);
      if (made === ATTEMPTS) {
        throw new MarinaError("unavailable", `${what}: 409 at each of ${ATTEMPTS} attempts (simulated)`);
      }
      await backOff(made, conflict);
    }
  };

  const mustBeBorn = (queue: QueueAddress): void => {
    const until = plan.unborn.get(queue);
    if (until !== undefined && clock.now() < until)
      throw new MarinaError(
        "not-found",
        `queue ${queue}: no such queue (simulated: it was made a moment ago)`,
      );
  };

  const { objects: store, queues: service } = ports;
  const objects: ObjectStore = {
    async get(key, options) {
      const what = `get ${key}`;
      const object = await slowly(what, () => store.get(key, options));
      const dice = plan.strike("objectGarbled", what);
      return dice === undefined ? object : { ...object, body: garbled(key, object.body, dice) };
    },
    async put(key, body, condition) {
      const what = `put ${key}`;
      const dice = plan.strike("objectDamaged", what);
      const stored = dice === undefined ? body : plan.damage(key, body, dice);
      if (condition !== undefined) await conflicted(what);
      const etag = await slowly(what, () => store.put(key, stored, condition));
      if (CACHED.test(key) && plan.strike("cacheLost", what) !== undefined) await store.delete(key);
      return etag;
    },
    // A stream can be read once: it is not repeated, on AWS either.
    putStream: (key, chunks) => store.putStream(key, chunks),
    delete: (key) => slowly(`delete ${key}`, () => store.delete(key)),
    async list(prefix) {
      const what = `list ${prefix}`;
      const keys = await slowly(what, () => store.list(prefix));
      const stale = keys.length === 0 ? undefined : plan.strike("listingStale", what);
      return stale === undefined ? keys : keys.filter(() => stale.nextUniform() < 0.5);
    },
  };
  const maybeForged = (message: OutgoingMessage): OutgoingMessage => {
    const dice = plan.strike("messageForged", "sent by a worker");
    return dice === undefined ? message : { ...message, body: forged(message.body, dice) };
  };
  const queues: MessageQueue = {
    async create(name, options) {
      const isNew = await service.address(name).then(
        () => false,
        () => true,
      );
      const queue = await call(`create ${name}`, () => service.create(name, options));
      const unborn = isNew ? plan.strike("queueUnborn", queue) : undefined;
      if (unborn !== undefined)
        plan.unborn.set(queue, clock.now() + UNBORN_MILLISECONDS * unborn.nextUniform());
      return queue;
    },
    address: (name) => call(`address ${name}`, () => service.address(name)),
    destroy: (queue) => call(`destroy ${queue}`, () => service.destroy(queue)),
    async send(queue: QueueAddress, messages: readonly OutgoingMessage[]) {
      mustBeBorn(queue);
      await byParts(`send ${queue}`, role === "worker" ? messages.map(maybeForged) : messages, (part) =>
        service.send(queue, part),
      );
    },
    async receive(queue, options) {
      mustBeBorn(queue);
      const messages = await call(`receive ${queue}`, () => service.receive(queue, options));
      return messages.map((message) => {
        const dice = plan.strike("messageCorrupted", `received from ${queue}`);
        return dice === undefined ? message : { ...message, body: corrupted(message.body, dice) };
      });
    },
    delete: (queue, receipts) => byParts(`delete ${queue}`, receipts, (part) => service.delete(queue, part)),
    extend: (queue, receipt, seconds) =>
      call(`extend ${queue}`, () => service.extend(queue, receipt, seconds)),
    waiting: (queue) => call(`waiting ${queue}`, () => service.waiting(queue)),
  };

  return {
    ...ports,
    objects,
    queues,
    clock: { now: () => clock.now() + skew, sleep: (milliseconds) => clock.sleep(milliseconds) },
    compute: {
      run: (work, compute) => {
        disturb("compute");
        return ports.compute.run(work, compute);
      },
    },
  };
}
