/** For tests: bugs in what an aggregator stores, trusts, ends and charges. */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { ServiceAlteration } from "../../embedded/service/service.ts";
import { Lease } from "../../lambdas/aggregator/term/lease.ts";
import type { Clock, ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { FRAME_HEADER_BYTES } from "../../shared/protocol/frames/frame.ts";
import { checkpointKey, resultKey } from "../../shared/protocol/keys.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../shared/protocol/stored/checkpoint.ts";
import { RUN } from "../baseline.ts";

export const CHECKPOINT = checkpointKey(RUN);
const RESULT = resultKey(RUN);

/** The aggregator's store, altered. */
export const withObjects =
  (alter: (objects: ObjectStore, clock: Clock) => Partial<ObjectStore>) => (): ServiceAlteration => ({
    aggregatorPorts: (ports) => ({
      ...ports,
      objects: { ...ports.objects, ...alter(ports.objects, ports.clock) },
    }),
  });

/** Another checkpoint is stored than was meant. */
const storing = (change: (checkpoint: Checkpoint) => Checkpoint) =>
  withObjects((objects) => ({
    put: (key, body, condition) =>
      objects.put(
        key,
        key === CHECKPOINT ? encodeCheckpoint(change(decodeCheckpoint(body, key))) : body,
        condition,
      ),
  }));

/** Another checkpoint is found than was stored, by a successor. */
const findingOnce = (change: (checkpoint: Checkpoint) => Checkpoint) =>
  withObjects((objects) => ({
    get: async (key, options) => {
      const found = await objects.get(key, options);
      if (key !== CHECKPOINT) return found;
      try {
        return { ...found, body: encodeCheckpoint(change(decodeCheckpoint(found.body, key))) };
      } catch {
        return found;
      }
    },
  }));

const zeroed = ({ state, ...rest }: Checkpoint): Checkpoint => ({
  ...rest,
  state: Object.fromEntries(
    Object.entries(state).map(([name, vector]) => [
      name,
      name === "iterate" ? vector : new Float64Array(vector.length),
    ]),
  ),
});

const countedAgain = ({ totals, ...rest }: Checkpoint): Checkpoint => ({
  ...rest,
  totals: {
    ...totals,
    uplinkBitsPerWorker: totals.uplinkBitsPerWorker + (rest.records.at(-1)?.uplinkBitsPerWorker ?? 0),
  },
});

/** Gives a frame the checksum of whatever it holds. */
function trusted(bytes: Uint8Array): Uint8Array {
  if (bytes.length < FRAME_HEADER_BYTES || bytes[0] !== 0x4d) return bytes;
  const frame = Buffer.from(bytes);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 8);
  return new Uint8Array(frame);
}

const trustsMessages = (ports: Ports): Ports => ({
  ...ports,
  queues: {
    ...ports.queues,
    receive: async (queue, options) =>
      (await ports.queues.receive(queue, options)).map((message) => ({
        ...message,
        body: Buffer.from(trusted(Buffer.from(message.body, "base64"))).toString("base64"),
      })),
  },
});

class HeldForEver extends Lease {
  override get held(): boolean {
    return true;
  }
}

/** Who goes on with a run begins its bill anew, or pays for what others have paid. */
const billing = (factor: number) => (): ServiceAlteration => {
  let terms = 0;
  return {
    spendingOf(spending) {
      const before = terms++ === 0 ? 0 : spending.usd();
      return {
        usd: (ahead) => spending.usd(ahead) + factor * before,
        observationUsd: () => spending.observationUsd(),
        save: (ahead) => spending.save(ahead),
        restore: (saved) => spending.restore(saved),
      };
    },
  };
};

/** Rounds cost what their computing costs: whoever is paid for nothing is seen by the price alone. */
const idlesBeforeItStores = withObjects((objects, clock) => ({
  put: async (key, body, condition) => {
    if (key === CHECKPOINT) await clock.sleep(30_000);
    return objects.put(key, body, condition);
  },
}));

/** As soon as it is stored a checkpoint's base is taken for one of before. */
const forgetsItsBase = withObjects((objects) => ({
  put: async (key, body, condition) => {
    const etag = await objects.put(key, body, condition);
    const named = key === CHECKPOINT ? (decodeCheckpoint(body, key).base?.keys ?? []) : [];
    for (const vector of named) await objects.delete(vector);
    return etag;
  },
}));

export const aggregatorMutations = {
  "forgets a base that its checkpoint names": forgetsItsBase,
  "writes the checkpoint without a condition": withObjects((objects) => ({
    put: (key, body, condition) => objects.put(key, body, key === CHECKPOINT ? undefined : condition),
  })),
  "stores a checkpoint before its round is counted": storing((checkpoint) =>
    checkpoint.status === "running" && checkpoint.round > 0
      ? { ...checkpoint, round: checkpoint.round + 1 }
      : checkpoint,
  ),
  "forgets the estimates when it goes on": findingOnce(zeroed),
  "counts the last round's bits again when it goes on": findingOnce(countedAgain),
  "does not check the checksum of a message": () => ({ aggregatorPorts: trustsMessages }),
  "never looks at its lease": () => ({
    hooks: { createLease: ({ queues, clock }, message) => new HeldForEver(queues, clock, message) },
  }),
  "takes its control message for done though its term has failed": () => ({
    aggregator: (handler) => async (messages, invocation) => {
      await handler(messages, invocation);
      return { failedMessageIds: [] };
    },
  }),
  "ends a run without storing its end": withObjects((objects) => ({
    put: async (key, body, condition) => {
      const ends = key === CHECKPOINT && decodeCheckpoint(body, key).status === "done";
      return ends ? '"not stored"' : objects.put(key, body, condition);
    },
  })),
  "leaves the result to whoever stored the end": () => {
    let stored = false;
    return {
      aggregatorPorts: (ports) => {
        let own = false;
        return {
          ...ports,
          objects: {
            ...ports.objects,
            put: async (key, body, condition) => {
              if (key === RESULT && stored && !own) return '"not stored"';
              const etag = await ports.objects.put(key, body, condition);
              if (key === CHECKPOINT && decodeCheckpoint(body, key).status === "done") {
                stored = true;
                own = true;
              }
              return etag;
            },
          },
        };
      },
    };
  },
  "forgets in its bill what the terms before have spent": billing(-1),
  "bills again what the terms before have spent": billing(1),
  "lets half a minute go by before it stores its state": idlesBeforeItStores,
} satisfies Readonly<Record<string, () => ServiceAlteration>>;
