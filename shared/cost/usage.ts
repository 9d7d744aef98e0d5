/**
 * What a run asked of the cloud: a record of counts, pure data. Two accounts: `method` is what the optimiser needs,
 * `evaluation` is what was asked only to watch it (losses and gradient norms for the plots).
 */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";

const count = z.int().min(0);

const functionUsage = z.strictObject({
  invocations: count,
  /** Handler start to end, each invocation rounded up to 1 ms; INIT not included. */
  billedMilliseconds: count,
  coldStarts: count,
  /** Time of the INIT phase of the cold starts: billed like handler time since 2025-08-01. */
  initMilliseconds: count,
  /** Invocations that threw or ran out of time. They are billed too. */
  errors: count,
});

/** Requests as billed: a request counts once for each started 64 KiB of its payload. */
const queueUsage = z.strictObject({
  sendRequests: count,
  receiveRequests: count,
  emptyReceiveRequests: count,
  deleteRequests: count,
  extendRequests: count,
  /** Create, look up, destroy. */
  manageRequests: count,
  /** Messages in these requests: not billed, but what CloudWatch counts. Absent from what older versions stored. */
  sentMessages: count.default(0),
  receivedMessages: count.default(0),
  deletedMessages: count.default(0),
});

/** Requests that the event source mapping makes on its own, billed to the owner of the queue. */
const mappingUsage = z.strictObject({
  receiveRequests: count,
  emptyReceiveRequests: count,
  deleteRequests: count,
});

const objectUsage = z.strictObject({
  putRequests: count,
  /** One for each 1,000 keys listed; priced like a PUT. */
  listRequests: count,
  getRequests: count,
  deleteRequests: count,
  putBytes: count,
  getBytes: count,
});

const accountUsage = z.strictObject({
  worker: functionUsage,
  aggregator: functionUsage,
  standardQueues: queueUsage,
  fifoQueues: queueUsage,
  standardMapping: mappingUsage,
  fifoMapping: mappingUsage,
  objects: objectUsage,
});

const usage = z.strictObject({ version: z.literal(1), method: accountUsage, evaluation: accountUsage });

export type FunctionUsage = Readonly<z.infer<typeof functionUsage>>;
export type QueueUsage = Readonly<z.infer<typeof queueUsage>>;
export type MappingUsage = Readonly<z.infer<typeof mappingUsage>>;
export type ObjectUsage = Readonly<z.infer<typeof objectUsage>>;
/** Counters that a meter may add to. */
export type MutableAccount = z.infer<typeof accountUsage>;
/** Counters of both accounts that a meter may add to. */
export type MutableUsage = z.infer<typeof usage>;
type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
export type AccountUsage = DeepReadonly<MutableAccount>;
export type Usage = DeepReadonly<MutableUsage>;

/** The two functions of the service. */
export type FunctionRole = "worker" | "aggregator";

function zeroFunction(): z.infer<typeof functionUsage> {
  return { invocations: 0, billedMilliseconds: 0, coldStarts: 0, initMilliseconds: 0, errors: 0 };
}

function zeroQueue(): z.infer<typeof queueUsage> {
  return {
    sendRequests: 0,
    receiveRequests: 0,
    emptyReceiveRequests: 0,
    deleteRequests: 0,
    extendRequests: 0,
    manageRequests: 0,
    sentMessages: 0,
    receivedMessages: 0,
    deletedMessages: 0,
  };
}

function zeroMapping(): z.infer<typeof mappingUsage> {
  return { receiveRequests: 0, emptyReceiveRequests: 0, deleteRequests: 0 };
}

function zeroAccount(): MutableAccount {
  return {
    worker: zeroFunction(),
    aggregator: zeroFunction(),
    standardQueues: zeroQueue(),
    fifoQueues: zeroQueue(),
    standardMapping: zeroMapping(),
    fifoMapping: zeroMapping(),
    objects: { putRequests: 0, listRequests: 0, getRequests: 0, deleteRequests: 0, putBytes: 0, getBytes: 0 },
  };
}

/** Nothing used: a fresh record that a meter may add to. */
export function zeroUsage(): MutableUsage {
  return { version: 1, method: zeroAccount(), evaluation: zeroAccount() };
}

/** a + b, count by count. */
export function addUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, 1);
}

/** a - b, count by count: what was used between two snapshots, b the earlier one. */
export function subtractUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, -1);
}

// Spelled out, since a run adds its counts up in every round: a walk over the fields' names takes fifty times as long.

/** a + sign b */
function combine(a: Usage, b: Usage, sign: 1 | -1): Usage {
  return {
    version: 1,
    method: combineAccounts(a.method, b.method, sign),
    evaluation: combineAccounts(a.evaluation, b.evaluation, sign),
  };
}

function combineAccounts(a: AccountUsage, b: AccountUsage, sign: 1 | -1): AccountUsage {
  return {
    worker: combineFunctions(a.worker, b.worker, sign),
    aggregator: combineFunctions(a.aggregator, b.aggregator, sign),
    standardQueues: combineQueues(a.standardQueues, b.standardQueues, sign),
    fifoQueues: combineQueues(a.fifoQueues, b.fifoQueues, sign),
    standardMapping: combineMappings(a.standardMapping, b.standardMapping, sign),
    fifoMapping: combineMappings(a.fifoMapping, b.fifoMapping, sign),
    objects: combineObjects(a.objects, b.objects, sign),
  };
}

function combineFunctions(a: FunctionUsage, b: FunctionUsage, sign: 1 | -1): FunctionUsage {
  return {
    invocations: a.invocations + sign * b.invocations,
    billedMilliseconds: a.billedMilliseconds + sign * b.billedMilliseconds,
    coldStarts: a.coldStarts + sign * b.coldStarts,
    initMilliseconds: a.initMilliseconds + sign * b.initMilliseconds,
    errors: a.errors + sign * b.errors,
  };
}

function combineQueues(a: QueueUsage, b: QueueUsage, sign: 1 | -1): QueueUsage {
  return {
    sendRequests: a.sendRequests + sign * b.sendRequests,
    receiveRequests: a.receiveRequests + sign * b.receiveRequests,
    emptyReceiveRequests: a.emptyReceiveRequests + sign * b.emptyReceiveRequests,
    deleteRequests: a.deleteRequests + sign * b.deleteRequests,
    extendRequests: a.extendRequests + sign * b.extendRequests,
    manageRequests: a.manageRequests + sign * b.manageRequests,
    sentMessages: a.sentMessages + sign * b.sentMessages,
    receivedMessages: a.receivedMessages + sign * b.receivedMessages,
    deletedMessages: a.deletedMessages + sign * b.deletedMessages,
  };
}

function combineMappings(a: MappingUsage, b: MappingUsage, sign: 1 | -1): MappingUsage {
  return {
    receiveRequests: a.receiveRequests + sign * b.receiveRequests,
    emptyReceiveRequests: a.emptyReceiveRequests + sign * b.emptyReceiveRequests,
    deleteRequests: a.deleteRequests + sign * b.deleteRequests,
  };
}

function combineObjects(a: ObjectUsage, b: ObjectUsage, sign: 1 | -1): ObjectUsage {
  return {
    putRequests: a.putRequests + sign * b.putRequests,
    listRequests: a.listRequests + sign * b.listRequests,
    getRequests: a.getRequests + sign * b.getRequests,
    deleteRequests: a.deleteRequests + sign * b.deleteRequests,
    putBytes: a.putBytes + sign * b.putBytes,
    getBytes: a.getBytes + sign * b.getBytes,
  };
}

/** Plain JSON text; `parseUsage` reads it back. */
export function serializeUsage(value: Usage): string {
  return JSON.stringify(value);
}

/**
 * Usage from stored JSON: its text or the value parsed from it.
 * @throws MarinaError `corrupt` when it is not a record of counts of this version.
 */
export function parseUsage(stored: unknown): Usage {
  const parsed = usage.safeParse(typeof stored === "string" ? jsonOrNothing(stored) : stored);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "(the whole value)" : issue.path.join(".");
  throw new MarinaError(
    "corrupt",
    `usage counts: at ${where}: ${issue?.message ?? "not a record of counts"}; expected version 1 with counts >= 0. ` +
      "Was it written by another version of the program?",
  );
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
