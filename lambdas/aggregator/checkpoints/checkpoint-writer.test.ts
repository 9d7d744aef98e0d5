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

function uncommitted(round: number, records: readonly RoundRecord[] = []): Omit<Checkpoint, "commit"> {
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
    const first = new CheckpointWriter(store, RUN, "a", undefined);
    first.commit(uncommitted(0));
    await first.settled();
    const second = new CheckpointWriter(store, RUN, "b", undefined);
    second.commit(uncommitted(0));
    expect(await codeOf(second.settled())).toBe("lease-lost");
    expect((await stored(store)).commit).toBe("a/1");
  });

  it("writes each checkpoint on top of its own last one", async () => {
    const store = new WatchedStore();
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    for (let round = 0; round < 5; round++) writer.commit(uncommitted(round));
    await writer.settled();
    const found = await stored(store);
    expect(found).toMatchObject({ round: 4, commit: "a/5" });
    expect(writer.durableRound).toBe(4);
  });

  it("goes on from the checkpoint that was read", async () => {
    const store = new WatchedStore();
    const first = new CheckpointWriter(store, RUN, "a", undefined);
    first.commit(uncommitted(3));
    await first.settled();
    const { etag } = await store.get(KEY);
    const second = new CheckpointWriter(store, RUN, "b", { checkpoint: uncommitted(3), etag });
    expect(second.durableRound).toBe(3);
    second.commit(uncommitted(4));
    await second.settled();
    expect(await stored(store)).toMatchObject({ round: 4, commit: "b/1" });
  });

  it("that lost the race says lease-lost and changes nothing, now and ever after", async () => {
    const store = new WatchedStore();
    const rightful = new CheckpointWriter(store, RUN, "a", undefined);
    rightful.commit(uncommitted(1));
    await rightful.settled();
    const { etag } = await store.get(KEY);
    const zombie = new CheckpointWriter(store, RUN, "zombie", { checkpoint: uncommitted(1), etag });
    rightful.commit(uncommitted(2));
    await rightful.settled();
    zombie.commit(uncommitted(2));
    expect(await codeOf(zombie.settled())).toBe("lease-lost");
    zombie.commit(uncommitted(3));
    expect(await codeOf(zombie.settled())).toBe("lease-lost");
    expect(zombie.durableRound).toBe(1);
    expect(await stored(store)).toMatchObject({ round: 2, commit: "a/2" });
    rightful.commit(uncommitted(3));
    await rightful.settled();
    expect(await stored(store)).toMatchObject({ round: 3, commit: "a/3" });
  });

  it("whose run was deleted says lease-lost and does not bring it back", async () => {
    const store = new WatchedStore();
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    writer.commit(uncommitted(1));
    await writer.settled();
    await store.delete(KEY);
    writer.commit(uncommitted(2));
    expect(await codeOf(writer.settled())).toBe("lease-lost");
    expect(await codeOf(store.get(KEY))).toBe("not-found");
  });

  it("recognises its own write whose reply was lost, and goes on from it", async () => {
    const store = new WatchedStore();
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    for (let round = 0; round < 3; round++) {
      // The client's own repetition of a request that took effect meets the condition it has broken itself.
      store.afterPut = () => {
        throw new MarinaError("precondition-failed", "condition not met");
      };
      writer.commit(uncommitted(round));
      await writer.settled();
      store.afterPut = () => undefined;
      expect(writer.durableRound).toBe(round);
    }
    writer.commit(uncommitted(9));
    await writer.settled();
    expect(await stored(store)).toMatchObject({ round: 9, commit: "a/4" });
  });

  it("does not take another's checkpoint of the same round for its own", async () => {
    const store = new WatchedStore();
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    store.beforePut = async () => {
      store.beforePut = () => undefined;
      const other = new CheckpointWriter(store, RUN, "b", undefined);
      other.commit(uncommitted(0));
      await other.settled();
    };
    writer.commit(uncommitted(0));
    expect(await codeOf(writer.settled())).toBe("lease-lost");
    expect((await stored(store)).commit).toBe("b/1");
  });

  it("passes on that the store is unavailable as it is", async () => {
    const store = new WatchedStore();
    store.beforePut = () => {
      throw new MarinaError("unavailable", "the store is down");
    };
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    writer.commit(uncommitted(0));
    expect(await codeOf(writer.settled())).toBe("unavailable");
  });

  it("begins a write at once and lets its caller go on; a round is durable when its write is", async () => {
    const store = new WatchedStore();
    let release: () => void = () => undefined;
    store.beforePut = () => new Promise((resolve) => (release = resolve));
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    writer.commit(uncommitted(7));
    await settle();
    expect(store.calls).toEqual([`put ${KEY}`]);
    expect(writer.durableRound).toBe(0);
    let settled = false;
    const waiting = writer.settled().then(() => (settled = true));
    await settle();
    expect(settled).toBe(false);
    release();
    await waiting;
    expect(writer.durableRound).toBe(7);
  });

  it("holds a large one back until it is released, or somebody waits for it", async () => {
    const store = new WatchedStore();
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    const large = (round: number) => ({
      ...uncommitted(round),
      constants: { ...sample.constants, dimension: 40_000 },
      state: { iterate: new Float64Array(40_000) },
    });
    writer.commit(large(1));
    await settle();
    // A round's tasks go first.
    expect(store.calls).toEqual([]);
    writer.release();
    await settle();
    expect(writer.durableRound).toBe(1);
    writer.commit(large(2));
    // In their order, whatever their sizes.
    writer.commit(uncommitted(3));
    await settle();
    expect((await stored(store)).round).toBe(1);
    expect(writer.durableRound).toBe(1);
    await writer.settled();
    expect((await stored(store)).round).toBe(3);
    // Nothing is committed: nothing waits.
    writer.release();
    await writer.confirm();
    expect((await stored(store)).round).toBe(3);
  });

  it("writes in the order of the commits, one at a time", async () => {
    const store = new WatchedStore();
    const releases: (() => void)[] = [];
    store.beforePut = () => new Promise((resolve) => releases.push(resolve));
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    writer.commit(uncommitted(1));
    writer.commit(uncommitted(2));
    await settle();
    expect(releases).toHaveLength(1);
    releases[0]!();
    await settle();
    expect(releases).toHaveLength(2);
    expect((await stored(store)).round).toBe(1);
    releases[1]!();
    await writer.settled();
    expect((await stored(store)).round).toBe(2);
  });

  it("stores the checkpoint as it was at the commit, whatever becomes of the memory after", async () => {
    const store = new WatchedStore();
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    const iterate = Float64Array.of(1, 2, 3);
    writer.commit({ ...uncommitted(1), state: { iterate } });
    iterate.fill(9);
    await writer.settled();
    expect((await stored(store)).state.iterate).toEqual(Float64Array.of(1, 2, 3));
  });
});

describe("blocks of records", () => {
  const key = roundsKey(RUN, 0);

  it("leave the checkpoint when they are full, and are stored before it", async () => {
    const store = new WatchedStore();
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    const almost = recordsOf(0, ROUNDS_PER_BLOCK - 1);
    expect(writer.commit(uncommitted(almost.length, almost))).toEqual(almost);
    const full = recordsOf(0, ROUNDS_PER_BLOCK);
    expect(writer.commit(uncommitted(full.length, full))).toEqual([]);
    await writer.settled();
    expect(store.calls).toEqual([`put ${KEY}`, `put ${key}`, `put ${KEY}`]);
    expect((await stored(store)).records).toEqual([]);
    expect(decodeRounds((await store.get(key)).body, key)).toEqual(full);
  });

  it("that a predecessor stored before it died are left as they are", async () => {
    const store = new WatchedStore();
    const dead = new CheckpointWriter(store, RUN, "dead", undefined);
    const full = recordsOf(0, ROUNDS_PER_BLOCK);
    dead.commit(
      uncommitted(
        64,
        full.map((record) => ({ ...record, seconds: 1 })),
      ),
    );
    await dead.settled();
    const { etag } = await store.get(KEY);
    const writer = new CheckpointWriter(store, RUN, "a", { checkpoint: uncommitted(0), etag });
    writer.commit(
      uncommitted(
        64,
        full.map((record) => ({ ...record, seconds: 2 })),
      ),
    );
    await writer.settled();
    expect(decodeRounds((await store.get(key)).body, key)[5]!.seconds).toBe(1);
    expect(await stored(store)).toMatchObject({ commit: "a/1", round: 64 });
  });

  it("that a predecessor stored shorter are replaced: no round is lost", async () => {
    // It was about to hand over in mid-block and died between block and checkpoint.
    const store = new WatchedStore();
    const dead = new CheckpointWriter(store, RUN, "dead", undefined);
    store.beforePut = (which) => {
      if (which === KEY) throw new MarinaError("unavailable", "dies here");
    };
    dead.commit(uncommitted(65, recordsOf(0, 65)));
    expect(await codeOf(dead.settled())).toBe("unavailable");
    store.beforePut = () => undefined;
    const writer = new CheckpointWriter(store, RUN, "a", undefined);
    writer.commit(uncommitted(70, recordsOf(0, 70)));
    await writer.settled();
    expect(decodeRounds((await store.get(key)).body, key)).toHaveLength(70);
  });

  it("that lie damaged in the store are written anew", async () => {
    const store = new WatchedStore();
    const full = recordsOf(0, ROUNDS_PER_BLOCK);
    const whole = encodeRounds(full);
    for (const damaged of [whole.slice(0, 100), whole.map((byte, at) => (at === 99 ? byte ^ 1 : byte))]) {
      await store.put(key, damaged);
      const found = await store.get(KEY).then(
        ({ etag }) => ({ checkpoint: uncommitted(0), etag }),
        () => undefined,
      );
      const writer = new CheckpointWriter(store, RUN, "a", found);
      writer.commit(uncommitted(64, full));
      await writer.settled();
      expect((await store.get(key)).body).toEqual(whole);
      expect(await stored(store)).toMatchObject({ commit: "a/1", round: 64 });
    }
  });

  it("that a predecessor stored longer keep their rounds", async () => {
    const store = new WatchedStore();
    const dead = new CheckpointWriter(store, RUN, "dead", undefined);
    dead.commit(uncommitted(70, recordsOf(0, 70)));
    await dead.settled();
    const { etag } = await store.get(KEY);
    const writer = new CheckpointWriter(store, RUN, "a", { checkpoint: uncommitted(0), etag });
    writer.commit(uncommitted(65, recordsOf(0, 65)));
    await writer.settled();
    expect(decodeRounds((await store.get(key)).body, key)).toHaveLength(70);
  });
});

describe("an aggregator that makes sure of its run", () => {
  it("commits its last checkpoint once more: of two only the first can, and the other one is told", async () => {
    const store = new WatchedStore();
    const begun = new CheckpointWriter(store, RUN, "before", undefined);
    begun.commit(uncommitted(3));
    await begun.settled();
    const found = { checkpoint: await stored(store), etag: (await store.get(KEY)).etag };
    const one = new CheckpointWriter(store, RUN, "one", found);
    const other = new CheckpointWriter(store, RUN, "other", found);
    await one.confirm();
    const { commit, ...rest } = await stored(store);
    const { commit: _, ...before } = found.checkpoint;
    expect(rest).toEqual(before);
    expect(commit).toBe("one/1");
    expect(await codeOf(other.confirm())).toBe("lease-lost");
    one.commit(uncommitted(4));
    await one.confirm();
    expect(await stored(store)).toMatchObject({ round: 4, commit: "one/3" });
  });

  it("writes nothing before the run has a checkpoint", async () => {
    const store = new WatchedStore();
    await new CheckpointWriter(store, RUN, "new", undefined).confirm();
    expect(store.calls).toEqual([]);
  });
});
