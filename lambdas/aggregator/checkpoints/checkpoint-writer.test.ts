import { describe, expect, it } from "vitest";
import { MarinaError } from "../../../shared/base/errors.ts";
import { checkpointKey, roundsKey } from "../../../shared/protocol/keys.ts";
import { type Checkpoint, decodeCheckpoint } from "../../../shared/protocol/stored/checkpoint.ts";
import {
  decodeRounds,
  encodeRounds,
  ROUNDS_PER_BLOCK,
  type RoundRecord,
} from "../../../shared/protocol/stored/round-record.ts";
import { checkpoint as sample, records as samples } from "../../../shared/protocol/testing/samples.ts";
import { settle, WatchedStore } from "../../testing/fakes.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";

const RUN = "example";
const KEY = checkpointKey(RUN);

function recordsOf(first: number, count: number): RoundRecord[] {
  return Array.from({ length: count }, (_, i) => ({ ...samples[0]!, round: first + i }));
}

function draft(round: number, records: readonly RoundRecord[] = []): Omit<Checkpoint, "commit"> {
  const { commit: _, ...rest } = sample;
  return { ...rest, round, records };
}

async function stored(store: WatchedStore): Promise<Checkpoint> {
  return decodeCheckpoint((await store.get(KEY)).body, KEY);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => (error instanceof MarinaError ? error.code : `a defect: ${String(error)}`),
  );
}

describe("the checkpoint writer", () => {
  it("creates the first checkpoint only where there is none", async () => {
    const store = new WatchedStore();
    const first = new CheckpointWriter(store, RUN, "a", undefined, 0);
    first.commit(draft(0));
    await first.settled();
    const second = new CheckpointWriter(store, RUN, "b", undefined, 0);
    second.commit(draft(0));
    expect(await codeOf(second.settled())).toBe("lease-lost");
    expect((await stored(store)).commit).toBe("a/1");
  });

  it("writes each checkpoint on top of its own last one", async () => {
    const store = new WatchedStore();
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    for (let round = 0; round < 5; round++) ledger.commit(draft(round));
    await ledger.settled();
    const found = await stored(store);
    expect(found).toMatchObject({ round: 4, commit: "a/5" });
    expect(ledger.durableRound).toBe(4);
  });

  it("goes on from the checkpoint that was read", async () => {
    const store = new WatchedStore();
    const first = new CheckpointWriter(store, RUN, "a", undefined, 0);
    first.commit(draft(3));
    await first.settled();
    const { etag } = await store.get(KEY);
    const second = new CheckpointWriter(store, RUN, "b", etag, 3);
    expect(second.durableRound).toBe(3);
    second.commit(draft(4));
    await second.settled();
    expect(await stored(store)).toMatchObject({ round: 4, commit: "b/1" });
  });

  it("that lost the race says lease-lost and changes nothing, now and ever after", async () => {
    const store = new WatchedStore();
    const rightful = new CheckpointWriter(store, RUN, "a", undefined, 0);
    rightful.commit(draft(1));
    await rightful.settled();
    const { etag } = await store.get(KEY);
    const zombie = new CheckpointWriter(store, RUN, "zombie", etag, 1);
    rightful.commit(draft(2));
    await rightful.settled();
    zombie.commit(draft(2));
    expect(await codeOf(zombie.settled())).toBe("lease-lost");
    zombie.commit(draft(3));
    expect(await codeOf(zombie.settled())).toBe("lease-lost");
    expect(zombie.durableRound).toBe(1);
    expect(await stored(store)).toMatchObject({ round: 2, commit: "a/2" });
    rightful.commit(draft(3));
    await rightful.settled();
    expect(await stored(store)).toMatchObject({ round: 3, commit: "a/3" });
  });

  it("whose run was deleted says lease-lost and does not bring it back", async () => {
    const store = new WatchedStore();
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    ledger.commit(draft(1));
    await ledger.settled();
    await store.delete(KEY);
    ledger.commit(draft(2));
    expect(await codeOf(ledger.settled())).toBe("lease-lost");
    expect(await codeOf(store.get(KEY))).toBe("not-found");
  });

  it("recognises its own write whose reply was lost, and goes on from it", async () => {
    const store = new WatchedStore();
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    for (let round = 0; round < 3; round++) {
      // The client's own repetition of a request that took effect meets the condition it has broken itself.
      store.afterPut = () => {
        throw new MarinaError("precondition-failed", "condition not met");
      };
      ledger.commit(draft(round));
      await ledger.settled();
      store.afterPut = () => undefined;
      expect(ledger.durableRound).toBe(round);
    }
    ledger.commit(draft(9));
    await ledger.settled();
    expect(await stored(store)).toMatchObject({ round: 9, commit: "a/4" });
  });

  it("does not take another's checkpoint of the same round for its own", async () => {
    const store = new WatchedStore();
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    store.beforePut = async () => {
      store.beforePut = () => undefined;
      const other = new CheckpointWriter(store, RUN, "b", undefined, 0);
      other.commit(draft(0));
      await other.settled();
    };
    ledger.commit(draft(0));
    expect(await codeOf(ledger.settled())).toBe("lease-lost");
    expect((await stored(store)).commit).toBe("b/1");
  });

  it("passes on that the store is unavailable as it is", async () => {
    const store = new WatchedStore();
    store.beforePut = () => {
      throw new MarinaError("unavailable", "the store is down");
    };
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    ledger.commit(draft(0));
    expect(await codeOf(ledger.settled())).toBe("unavailable");
  });

  it("begins a write at once and lets its caller go on; a round is durable when its write is", async () => {
    const store = new WatchedStore();
    let release: () => void = () => undefined;
    store.beforePut = () => new Promise((resolve) => (release = resolve));
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    ledger.commit(draft(7));
    await settle();
    expect(store.calls).toEqual([`put ${KEY}`]);
    expect(ledger.durableRound).toBe(0);
    let settled = false;
    const waiting = ledger.settled().then(() => (settled = true));
    await settle();
    expect(settled).toBe(false);
    release();
    await waiting;
    expect(ledger.durableRound).toBe(7);
  });

  it("writes in the order of the commits, one at a time", async () => {
    const store = new WatchedStore();
    const releases: (() => void)[] = [];
    store.beforePut = () => new Promise((resolve) => releases.push(resolve));
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    ledger.commit(draft(1));
    ledger.commit(draft(2));
    await settle();
    expect(releases).toHaveLength(1);
    releases[0]!();
    await settle();
    expect(releases).toHaveLength(2);
    expect((await stored(store)).round).toBe(1);
    releases[1]!();
    await ledger.settled();
    expect((await stored(store)).round).toBe(2);
  });

  it("stores the checkpoint as it was at the commit, whatever becomes of the memory after", async () => {
    const store = new WatchedStore();
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    const iterate = Float64Array.of(1, 2, 3);
    ledger.commit({ ...draft(1), state: { iterate } });
    iterate.fill(9);
    await ledger.settled();
    expect((await stored(store)).state.iterate).toEqual(Float64Array.of(1, 2, 3));
  });
});

describe("blocks of records", () => {
  const key = roundsKey(RUN, 0);

  it("leave the checkpoint when they are full, and are stored before it", async () => {
    const store = new WatchedStore();
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    const almost = recordsOf(0, ROUNDS_PER_BLOCK - 1);
    expect(ledger.commit(draft(almost.length, almost))).toEqual(almost);
    const full = recordsOf(0, ROUNDS_PER_BLOCK);
    expect(ledger.commit(draft(full.length, full))).toEqual([]);
    await ledger.settled();
    expect(store.calls).toEqual([`put ${KEY}`, `put ${key}`, `put ${KEY}`]);
    expect((await stored(store)).records).toEqual([]);
    expect(decodeRounds((await store.get(key)).body, key)).toEqual(full);
  });

  it("that a predecessor stored before it died are left as they are", async () => {
    const store = new WatchedStore();
    const dead = new CheckpointWriter(store, RUN, "dead", undefined, 0);
    const full = recordsOf(0, ROUNDS_PER_BLOCK);
    dead.commit(
      draft(
        64,
        full.map((record) => ({ ...record, seconds: 1 })),
      ),
    );
    await dead.settled();
    const { etag } = await store.get(KEY);
    const ledger = new CheckpointWriter(store, RUN, "a", etag, 0);
    ledger.commit(
      draft(
        64,
        full.map((record) => ({ ...record, seconds: 2 })),
      ),
    );
    await ledger.settled();
    expect(decodeRounds((await store.get(key)).body, key)[5]!.seconds).toBe(1);
    expect(await stored(store)).toMatchObject({ commit: "a/1", round: 64 });
  });

  it("that a predecessor stored shorter are replaced: no round is lost", async () => {
    // It was about to hand over in mid-block and died between block and checkpoint.
    const store = new WatchedStore();
    const dead = new CheckpointWriter(store, RUN, "dead", undefined, 0);
    store.beforePut = (which) => {
      if (which === KEY) throw new MarinaError("unavailable", "dies here");
    };
    dead.commit(draft(65, recordsOf(0, 65)));
    expect(await codeOf(dead.settled())).toBe("unavailable");
    store.beforePut = () => undefined;
    const ledger = new CheckpointWriter(store, RUN, "a", undefined, 0);
    ledger.commit(draft(70, recordsOf(0, 70)));
    await ledger.settled();
    expect(decodeRounds((await store.get(key)).body, key)).toHaveLength(70);
  });

  it("that lie damaged in the store are written anew", async () => {
    const store = new WatchedStore();
    const full = recordsOf(0, ROUNDS_PER_BLOCK);
    const whole = encodeRounds(full);
    for (const damaged of [whole.slice(0, 100), whole.map((byte, at) => (at === 99 ? byte ^ 1 : byte))]) {
      await store.put(key, damaged);
      const { etag } = (await store.get(KEY).catch(() => undefined)) ?? {};
      const ledger = new CheckpointWriter(store, RUN, "a", etag, 0);
      ledger.commit(draft(64, full));
      await ledger.settled();
      expect((await store.get(key)).body).toEqual(whole);
      expect(await stored(store)).toMatchObject({ commit: "a/1", round: 64 });
    }
  });

  it("that a predecessor stored longer keep their rounds", async () => {
    const store = new WatchedStore();
    const dead = new CheckpointWriter(store, RUN, "dead", undefined, 0);
    dead.commit(draft(70, recordsOf(0, 70)));
    await dead.settled();
    const { etag } = await store.get(KEY);
    const ledger = new CheckpointWriter(store, RUN, "a", etag, 0);
    ledger.commit(draft(65, recordsOf(0, 65)));
    await ledger.settled();
    expect(decodeRounds((await store.get(key)).body, key)).toHaveLength(70);
  });
});
