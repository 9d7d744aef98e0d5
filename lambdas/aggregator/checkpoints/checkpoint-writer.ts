/** The run's checkpoint as a chain of conditional writes: one that lost the race changes nothing and stops at once. */

import { MarinaError } from "../../../shared/base/index.ts";
import {
  DamagedObject,
  type ObjectStore,
  type PutCondition,
  readChecked,
} from "../../../shared/cloud/index.ts";
import {
  type Checkpoint,
  checkpointKey,
  decodeCheckpoint,
  decodeRounds,
  encodeCheckpoint,
  encodeRounds,
  ROUNDS_PER_BLOCK,
  roundsKey,
} from "../../../shared/protocol/index.ts";
import type { UncommittedCheckpoint } from "./uncommitted-checkpoint.ts";

/**
 * From here on a checkpoint is held back until the tasks have left: it would keep them waiting for the network interface. A small
 * one does not, and the next is not begun before it is durable: it had better leave at once.
 */
const HELD_BACK_BYTES = 256 * 1024;
/** Writers of one block that may get in one another's way: a zombie and its successors. */
const BLOCK_ATTEMPTS = 4;

export class CheckpointWriter {
  readonly #objects: ObjectStore;
  readonly #key: string;
  readonly #writer: string;
  #etag: string | undefined;
  #commits = 0;
  #durableRound: number;
  #pending: Promise<void> = Promise.resolve();
  /** What a commit waits for before its bytes leave. */
  #gate = openGate();
  #last: UncommittedCheckpoint | undefined;

  /**
   * @param writer identity of this invocation, for recognising its own writes.
   * @param found the checkpoint that was read; undefined for a new run.
   */
  constructor(
    objects: ObjectStore,
    run: string,
    writer: string,
    found: { readonly checkpoint: UncommittedCheckpoint; readonly etag: string } | undefined,
  ) {
    this.#objects = objects;
    this.#key = checkpointKey(run);
    this.#writer = writer;
    this.#etag = found?.etag;
    if (found !== undefined) {
      const { commit: _, ...last } = { commit: "", ...found.checkpoint };
      this.#last = last;
    }
    this.#durableRound = found?.checkpoint.round ?? 0;
  }

  /** The newest round from which a crash would go on. */
  get durableRound(): number {
    return this.#durableRound;
  }

  /**
   * Begins to store a checkpoint; `settled` waits for it. The bytes of a large one leave at the next `release` or `settled`, so
   * that they need not go ahead of a round's tasks. Records that fill a block go into an object of their own first. Returns the records that stay in the
   * checkpoint.
   */
  commit(checkpoint: UncommittedCheckpoint): Checkpoint["records"] {
    const { records } = checkpoint;
    const block = records.length >= ROUNDS_PER_BLOCK ? records : [];
    const kept = block.length > 0 ? [] : records;
    this.#last = { ...checkpoint, records: kept };
    const commit = `${this.#writer}/${++this.#commits}`;
    const bytes = encodeCheckpoint({ ...checkpoint, records: kept, commit });
    if (this.#gate.opened && bytes.length >= HELD_BACK_BYTES) this.#gate = closedGate();
    const gate = this.#gate.passed;
    this.#pending = this.#pending.then(async () => {
      await gate;
      if (block.length > 0) await this.#storeBlock(checkpoint.run, block);
      await this.#put(bytes, commit);
      this.#durableRound = checkpoint.round;
    });
    // Failures surface in `settled`; until then they must not count as unhandled.
    this.#pending.catch(() => undefined);
    return kept;
  }

  /** Lets what was held back leave; `settled` waits for it. */
  release(): void {
    this.#gate.open();
  }

  /** Resolves when all commits are durable. @throws MarinaError "lease-lost" when another aggregator has committed. */
  settled(): Promise<void> {
    this.release();
    return this.#pending;
  }

  /**
   * Commits the last checkpoint once more. Of two aggregators that both believe the run to be their own only one can: the
   * chain of commits goes on from its write, and the other one stops at its next commit.
   * @throws MarinaError "lease-lost" when another aggregator has committed.
   */
  async confirm(): Promise<void> {
    await this.settled();
    if (this.#last === undefined) return;
    this.commit(this.#last);
    await this.settled();
  }

  async #storeBlock(run: string, block: Checkpoint["records"]): Promise<void> {
    const key = roundsKey(run, block[0]!.round);
    let condition: PutCondition = { ifNoneMatch: "*" };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#objects.put(key, encodeRounds(block), condition);
        return;
      } catch (error) {
        const there = error instanceof MarinaError && error.code === "precondition-failed";
        if (!there || attempt === BLOCK_ATTEMPTS) throw error;
        // Already there: a predecessor stored the same rounds and died before its checkpoint (one that ended in
        // mid-block has stored fewer of them), or the reply to this very write was lost.
        const { stored, etag } = await this.#readBlock(key);
        if (stored >= block.length) return;
        condition = { ifMatch: etag };
      }
    }
  }

  /** How many rounds a block holds: none, where it lies damaged in the store. */
  async #readBlock(key: string): Promise<{ readonly stored: number; readonly etag: string }> {
    try {
      const { value, etag } = await readChecked(this.#objects, key, (body) => decodeRounds(body, key));
      return { stored: value.length, etag };
    } catch (error) {
      if (!(error instanceof DamagedObject)) throw error;
      return { stored: 0, etag: (await this.#objects.get(key)).etag };
    }
  }

  async #put(bytes: Uint8Array, commit: string): Promise<void> {
    const condition = this.#etag === undefined ? ({ ifNoneMatch: "*" } as const) : { ifMatch: this.#etag };
    try {
      this.#etag = await this.#objects.put(this.#key, bytes, condition);
    } catch (error) {
      const lost =
        error instanceof MarinaError && (error.code === "precondition-failed" || error.code === "not-found");
      if (!lost) throw error;
      this.#etag = await this.#adopt(commit, error);
    }
  }

  /** A lost reply to a write that took effect looks like a lost race: only the commit's identity tells. */
  async #adopt(commit: string, cause: unknown): Promise<string> {
    const found = await readChecked(this.#objects, this.#key, (body) =>
      decodeCheckpoint(body, this.#key),
    ).catch(() => undefined);
    if (found?.value.commit === commit) return found.etag;
    throw new MarinaError(
      "lease-lost",
      `${this.#key}: another aggregator has committed, or the run was deleted`,
      { cause },
    );
  }
}

interface Gate {
  readonly passed: Promise<void>;
  opened: boolean;
  open(): void;
}

function closedGate(): Gate {
  let pass: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    pass = resolve;
  });
  const gate: Gate = {
    passed,
    opened: false,
    open() {
      gate.opened = true;
      pass();
    },
  };
  return gate;
}

function openGate(): Gate {
  const gate = closedGate();
  gate.open();
  return gate;
}
