/** For tests: bugs in what workers compute, remember and send. */
import { crc32 } from "node:zlib";
import type { ServiceAlteration } from "../../embedded/service/service.ts";
import type { Handler, ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import type { Vectors } from "../../shared/methods/method.ts";
import {
  decodeRunMessage,
  encodeRunMessage,
  type RunMessage,
} from "../../shared/protocol/messages/run-message.ts";
import { decodeTask, encodeTask, type Task } from "../../shared/protocol/messages/task.ts";
import { FLOAT32_STEP } from "../specs.ts";

const SLOTS = 1000;

/** The same handler, which gets other tasks and sends other answers. */
function around(
  ports: Ports,
  create: (ports: Ports) => Handler,
  {
    task = (body) => body,
    answer = (body) => body,
  }:
    | Record<"task" | "answer", (body: string) => string>
    | { task?: (body: string) => string; answer?: (body: string) => string },
): Handler {
  const handler = create({
    ...ports,
    queues: {
      ...ports.queues,
      send: (queue, messages) =>
        ports.queues.send(
          queue,
          messages.map((message) => ({ ...message, body: answer(message.body) })),
        ),
    },
  });
  return (messages, invocation) =>
    handler(
      messages.map((message) => ({ ...message, body: task(message.body) })),
      invocation,
    );
}

function readable(body: string): Task | undefined {
  try {
    return decodeTask(body);
  } catch {
    return undefined;
  }
}

/** The worker is given another slot at each attempt, and its answer the right one: only its draws are wrong. */
function keyedByAttempt(): NonNullable<ServiceAlteration["worker"]> {
  const attempts = new Map<string, number>();
  const shifted = (body: string): string => {
    const task = readable(body);
    if (task === undefined) return body;
    const key = `${task.round} ${task.slot}`;
    const attempt = attempts.get(key) ?? 0;
    attempts.set(key, attempt + 1);
    return attempt === 0 ? body : encodeTask({ ...task, slot: task.slot + SLOTS * attempt });
  };
  const inItsSlot = (body: string): string => {
    const message = decodeRunMessage(body);
    return "slot" in message && message.slot >= SLOTS
      ? encodeRunMessage({ ...message, slot: message.slot % SLOTS })
      : body;
  };
  return (ports, create) => around(ports, create, { task: shifted, answer: inItsSlot });
}

/** Each environment takes the iterate that it has seen last for the one before, whichever that was. */
const fromTheLastSeen: NonNullable<ServiceAlteration["worker"]> = (ports, create) => {
  let last: { readonly round: number; readonly vector: Float64Array } | undefined;
  let before: typeof last;
  const task = (body: string): string => {
    const found = readable(body);
    const [iterate, previous] = found?.points ?? [];
    if (found === undefined || iterate?.kind !== "inline") return body;
    if (last?.round !== found.round) {
      before = last;
      last = { round: found.round, vector: iterate.vector };
    }
    if (previous === undefined || before === undefined || found.pointRounds[1] !== found.round - 1)
      return body;
    const anchor = { kind: "inline", vector: before.vector } as const;
    return encodeTask({ ...found, points: [iterate, anchor, ...found.points.slice(2)] });
  };
  return around(ports, create, { task });
};

/** Exact gradients that are sent for the record are in the paper's bits. */
const countsEvaluation: NonNullable<ServiceAlteration["worker"]> = (ports, create) => {
  const counted = (message: RunMessage): RunMessage =>
    message.kind === "contribution" && message.evaluation !== null
      ? { ...message, bits: message.bits + 32 * message.evaluation.length }
      : message;
  return around(ports, create, { answer: (body) => encodeRunMessage(counted(decodeRunMessage(body))) });
};

const MEMORY = /^(runs\/[^/]+\/memory\/\d+\/)\d+$/;
const withObjects =
  (alter: (objects: ObjectStore, ports: Ports) => Partial<ObjectStore>) => (): ServiceAlteration => ({
    worker: (ports, create) =>
      create({ ...ports, objects: { ...ports.objects, ...alter(ports.objects, ports) } }),
  });

/** A worker's shift has one place for all rounds: a task that is done twice adds to it twice. */
const oneShiftForAllRounds = withObjects((objects) => {
  const placeOf = (key: string): string => key.replace(MEMORY, "$10000000001");
  return {
    get: (key, options) => objects.get(placeOf(key), options),
    put: (key, body, condition) => objects.put(placeOf(key), body, condition),
    delete: async (key) => {
      if (!MEMORY.test(key)) await objects.delete(key);
    },
  };
});

/** The answer may be counted before what it is built on is there. */
const remembersLater = withObjects((objects, { clock }) => ({
  put: async (key, body, condition) => {
    if (!MEMORY.test(key)) return objects.put(key, body, condition);
    void clock
      .sleep(200)
      .then(() => objects.put(key, body, condition))
      .catch(() => undefined);
    return '"soon"';
  },
}));

/** What the task at hand has read is of no use any more, it believes. */
const forgetsTooSoon = withObjects((objects) => ({
  get: async (key, options) => {
    const found = await objects.get(key, options);
    if (MEMORY.test(key)) await objects.delete(key);
    return found;
  },
}));

const SUM = /^runs\/[^/]+\/contributions\/.*\/sum-\d+$/;

/** A reducer's range begins and ends one number too late, in what it reads and in the checksums that it holds that against. */
function rangeOffByOne(): NonNullable<ServiceAlteration["worker"]> {
  return (ports, create) => {
    let told = 0;
    const shifted = {
      ...ports,
      objects: {
        ...ports.objects,
        put: (key, body, condition) => {
          if (!SUM.test(key)) return ports.objects.put(key, body, condition);
          const late = new Uint8Array(body.length);
          late.set(body.subarray(8));
          told = crc32(late);
          return ports.objects.put(key, late, condition);
        },
      } satisfies ObjectStore,
    };
    const answer = (body: string): string => {
      const message = decodeRunMessage(body);
      return message.kind === "reduced" && message.lost.length === 0
        ? encodeRunMessage({ ...message, checksum: told })
        : body;
    };
    return around(shifted, create, { answer });
  };
}

const GRADIENT = /^runs\/[^/]+\/contributions\/gradients-/;
/** Of a frame: its checksum, and its first field; of a kept gradient that is a text, and five numbers come before its entries. */
const CHECKSUM_AT = 8;
const FIELDS_AT = 16;
const BEFORE_ENTRIES = 4 + 20;

/** The worker's gradient that was kept last takes the place of the one that is asked for; nobody checks which one it is. */
function keptLast(): ServiceAlteration {
  const last = new Map<string, Uint8Array>();
  const workerOf = (key: string): string => key.slice(key.lastIndexOf("/"));
  const inItsPlace = (asked: Uint8Array, other: Uint8Array): Uint8Array => {
    // A copy: `slice` of a Buffer is a view of it.
    const body = new Uint8Array(asked);
    const view = new DataView(body.buffer);
    const entriesAt = FIELDS_AT + view.getUint32(FIELDS_AT, true) + BEFORE_ENTRIES;
    const vectorAt = body.length - 8 * view.getUint32(entriesAt, true);
    body.set(other.subarray(vectorAt), vectorAt);
    view.setUint32(CHECKSUM_AT, crc32(body.subarray(FIELDS_AT)), true);
    return body;
  };
  return {
    worker: (ports, create) =>
      create({
        ...ports,
        objects: {
          ...ports.objects,
          async get(key, options) {
            const found = await ports.objects.get(key, options);
            const other = last.get(workerOf(key));
            return GRADIENT.test(key) && other?.length === found.body.length
              ? { ...found, body: inItsPlace(found.body, other) }
              : found;
          },
          put(key, body, condition) {
            if (GRADIENT.test(key)) last.set(workerOf(key), body);
            return ports.objects.put(key, body, condition);
          },
        },
      }),
  };
}

/** Whichever round's and whosever it is: no delta is applied, and nothing is checked. */
const whateverItHolds = (): ServiceAlteration => ({
  serverStates(store) {
    const last = new Map<string, Vectors>();
    return {
      ...store,
      find: (owner, identity) => store.find(owner, identity) ?? last.get(owner),
      keep(owner, identity, state) {
        last.set(owner, state);
        store.keep(owner, identity, state);
      },
    };
  },
});

/** The iterate of MARINA's state is kept as the step makes it, x^{t-1} - gamma g^{t-1} in float64. */
const unrounded = (): ServiceAlteration => ({
  serverStates: (store) => ({
    ...store,
    keep(owner, identity, state) {
      const { previous, estimate } = state;
      if (identity.round === 0 || previous === undefined || estimate === undefined)
        return store.keep(owner, identity, state);
      const iterate = previous.map((x, j) => x - FLOAT32_STEP * estimate[j]!);
      return store.keep(owner, identity, { ...state, iterate });
    },
  }),
});

export const workerMutations = {
  "keys the random streams by attempt": () => ({ worker: keyedByAttempt() }),
  "applies a delta to the iterate that it has seen last": () => ({ worker: fromTheLastSeen }),
  "takes the state that it holds for the one that is asked for": whateverItHolds,
  "makes an iterate of its deltas and does not round it": unrounded,
  "takes a worker's gradient that was kept last, whichever round's": keptLast,
  "counts the evaluation as the method's": () => ({ worker: countsEvaluation }),
  "applies DIANA's shift again when a task is done twice": oneShiftForAllRounds,
  "answers before it remembers": remembersLater,
  "forgets a shift as soon as it was read": forgetsTooSoon,
  "adds a range of coordinates that is off by one": () => ({ worker: rangeOffByOne() }),
} satisfies Readonly<Record<string, () => ServiceAlteration>>;
