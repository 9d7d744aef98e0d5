/** A task: one slot's request for one round, a pure function of (spec, round, slot) that may be done any number of times. */
import { MessageError } from "../../base/index.ts";
import {
  exactAt,
  type IteratePrecision,
  REQUESTS,
  type RequestName,
  STATEFUL_REQUESTS,
} from "../../methods/index.ts";
import {
  beginningOf,
  FrameReader,
  FrameWriter,
  firstNumbersOf,
  fromBody,
  type NumberReader,
  unlessCutOff,
} from "../frames/frame.ts";
import { FrameBeginning } from "../frames/frame-beginning.ts";
import type { Ranges, Reduction } from "./ranges.ts";

/** What is to be computed, without its points: a request of a method, a sum, or a question outside the method. */
export type TaskKind = RequestName | "reduce" | QuestionName | ProbeName;
type QuestionName = keyof typeof QUESTIONS;
/** What a measurement of the cloud asks: of no run, of no data, and with no points. */
export type ProbeName = keyof typeof PROBES;

/** Questions outside the method, each with its code and the number of its points. */
const QUESTIONS = {
  /** The exact gradient at x for the record only: a worker that has no slot in an evaluated round. */
  evaluate: { wire: 7, points: 1 },
  /** The shard's spectrum: calibration. */
  calibrate: { wire: 8, points: 0 },
  /** A_i^T A_i x: a step of the distributed power iteration. */
  gram: { wire: 9, points: 1 },
  /** Loss and right predictions at x over held-out data. */
  "held-out": { wire: 64, points: 1 },
  /** The sum of one range of coordinates over the exact gradients that the workers have stored. */
  "reduce-observed": { wire: 81, points: 0 },
} as const;

/** Probes, each a fixed piece of work: see lambdas/worker/probe.ts. */
const PROBES = {
  /** Answer at once. */
  probe: { wire: 65, points: 0 },
  /** Stay for a while, so that invocations overlap. */
  "probe-slow": { wire: 66, points: 0 },
  /** Write objects of several sizes and read them back. */
  "probe-objects": { wire: 67, points: 0 },
  /** Compute gradients over made-up rows. */
  "probe-compute": { wire: 68, points: 0 },
} as const;

/** The same over the method's messages. */
const REDUCE = { kind: "reduce", wire: 80, points: 0 } as const;

interface KindOnWire {
  readonly kind: TaskKind;
  /** The kind's first byte in a task. */
  readonly wire: number;
  /** Number of points that its tasks carry. */
  readonly points: number;
}

const ON_WIRE: readonly KindOnWire[] = [
  ...[...REQUESTS.values()].map(({ name, wire, points }) => ({
    kind: name as RequestName,
    wire,
    points: points.length,
  })),
  REDUCE,
  ...(Object.keys(QUESTIONS) as QuestionName[]).map((kind) => ({ kind, ...QUESTIONS[kind] })),
  ...(Object.keys(PROBES) as ProbeName[]).map((kind) => ({ kind, ...PROBES[kind] })),
];
const BY_KIND: ReadonlyMap<TaskKind, KindOnWire> = new Map(ON_WIRE.map((each) => [each.kind, each]));
const BY_CODE: readonly (KindOnWire | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  ON_WIRE.find(({ wire }) => wire === code),
);

/** Every kind of task. */
export const TASK_KINDS: readonly TaskKind[] = ON_WIRE.map(({ kind }) => kind);

/** Number of points that a task of a kind carries. */
export function pointsOf(kind: TaskKind): number {
  return BY_KIND.get(kind)!.points;
}

/** Does a task of this kind make its worker read and write what it remembers? */
export function isStateful(kind: TaskKind): boolean {
  return STATEFUL_REQUESTS.has(kind);
}

const FULL_GRADIENT: ReadonlySet<TaskKind> = new Set(
  TASK_KINDS.filter((kind) => {
    const request = REQUESTS.get(kind);
    return request === undefined ? kind === "evaluate" : exactAt(request) >= 0;
  }),
);

/** Does a task of this kind need the gradient at its first point over all rows? */
export function asksForFullGradient(kind: TaskKind): boolean {
  return FULL_GRADIENT.has(kind);
}

const EVALUATE = 1;
const PACKED = 2;
const CARRIED = 4;
const HELD = 8;
const BY_RANGES = 16;
const IN_STORE = 32;

/** A point in a task: the vector itself, the key of the object that holds it, or a vector of the server's state (`Downlink`). */
export type Point =
  | ({ readonly kind: "inline"; readonly vector: Float64Array } & Precise)
  | ({ readonly kind: "stored"; readonly key: string } & Precise)
  | { readonly kind: "held" };

interface Precise {
  /** How its entries travel or are stored; absent: as float64. */
  readonly precision?: IteratePrecision;
}

/** How an environment comes to the server's state S_t of the task's round t: it holds it, or makes it of an earlier one. */
export interface Downlink {
  /** CRC-32 of each vector of S_t, in the order of `serverStateNames`: with run, epoch and round its identity. */
  readonly sums: readonly number[];
  /** The deltas of rounds `first` .. t - 1 are there (`deltaKey`); t: none is. */
  readonly first: number;
  /** That of round t - 1, where it is small enough to travel in the task. */
  readonly last?: Uint8Array;
  /**
   * For who holds nothing: where all vectors of a state S_s lie that the deltas lead on from, s <= t (of S_0 x^0 alone). Who
   * can't make S_t answers that it needs the state.
   */
  readonly base?: { readonly round: number; readonly keys: readonly string[] };
}

/** Which of a worker's gradients go through the store, so that no environment need compute one that another has computed. */
export interface GradientReuse {
  /** The one at the older point may lie there: whoever did the worker's task of the round before was told to keep it. */
  readonly read: boolean;
  /** Keep the one at x^t: the worker is asked for it again in the next round. */
  readonly keep: boolean;
}

/** A slot and the worker that has it. */
export interface Member {
  readonly slot: number;
  readonly worker: number;
}

export interface Task {
  readonly kind: TaskKind;
  readonly run: string;
  /** `runDigest` of the stored run: a worker that finds another one refuses. */
  readonly runDigest: string;
  readonly round: number;
  /** Of the run's changes of workers: answers of another phase's membership don't count. */
  readonly phase: number;
  /** n: the data set's rows are split among so many workers. */
  readonly workers: number;
  readonly slot: number;
  readonly worker: number;
  /** Where the contribution goes. */
  readonly replyTo: string;
  /** Send the exact gradient at x along, for the record. */
  readonly evaluate: boolean;
  /** Rounds below this are durable: what workers remember for them may be deleted. */
  readonly oldestNeededRound: number;
  readonly points: readonly Point[];
  /** The server's state, where the points are vectors of it: all of them are. */
  readonly downlink?: Downlink;
  /** Identity of each point: points of equal identity (in one run) have equal bits, so a worker may reuse what it computed. */
  readonly pointRounds: readonly number[];
  /** Packing: further slots that this task asks for, each as if it had a task of its own. */
  readonly others?: readonly Member[];
  /** The state of the worker and then of the others, where the server holds them (DIANA's h_i). */
  readonly shifts?: readonly Float64Array[];
  /** Of the worker and then of the others, where gradients are kept in the store. */
  readonly reuse?: readonly GradientReuse[];
  /** Dense vectors of the answer go into the store, to be added by reducers. */
  readonly ranges?: Ranges | undefined;
  /** Of a reducer's task. */
  readonly reduction?: Reduction;
}

/** Does a task of this kind add what others have stored? */
export function isReduction(kind: TaskKind): kind is "reduce" | "reduce-observed" {
  return kind === "reduce" || kind === "reduce-observed";
}

/** The tasks that a packed one stands for; one that is not packed stands for itself. */
export function membersOf(task: Task): Task[] {
  const { others = [], shifts, reuse, ...own } = task;
  return [{ slot: own.slot, worker: own.worker }, ...others].map((member, i) => ({
    ...own,
    ...member,
    ...(shifts === undefined ? {} : { shifts: shifts.slice(i, i + 1) }),
    ...(reuse === undefined ? {} : { reuse: reuse.slice(i, i + 1) }),
  }));
}

/** Packs up to `size` neighbours that ask for the same. */
export function packTasks(tasks: readonly Task[], size: number): readonly Task[] {
  if (size === 1) return tasks;
  const packs: Task[] = [];
  for (let first = 0; first < tasks.length; ) {
    let end = first + 1;
    while (end < tasks.length && end < first + size && alike(tasks[first]!, tasks[end]!)) end++;
    const others = tasks.slice(first + 1, end).map(({ slot, worker }) => ({ slot, worker }));
    const shifts = tasks.slice(first, end).flatMap((task) => task.shifts ?? []);
    const reuse = tasks.slice(first, end).flatMap((task) => task.reuse ?? []);
    packs.push(
      others.length === 0
        ? tasks[first]!
        : {
            ...tasks[first]!,
            others,
            ...(shifts.length === 0 ? {} : { shifts }),
            ...(reuse.length === 0 ? {} : { reuse }),
          },
    );
    first = end;
  }
  return packs;
}

export function encodeTask(task: Task): string {
  const writer = writeCommon(task).u32(task.slot).u32(task.worker);
  if (task.others !== undefined) {
    writer.u32(task.others.length);
    for (const { slot, worker } of task.others) writer.u32(slot).u32(worker);
  }
  for (const shift of task.shifts ?? []) writer.vector(shift);
  for (const { read, keep } of task.reuse ?? []) writer.u8((read ? READ : 0) | (keep ? KEEP : 0));
  if (task.reduction !== undefined) writeReduction(writer, task.reduction);
  return writer.finishBody();
}

/** Of a worker's gradients that go through the store: */
const READ = 1;
const KEEP = 2;

/** @throws MessageError */
function readReuse(reader: FrameReader): GradientReuse {
  const flags = reader.u8();
  if ((flags & ~(READ | KEEP)) !== 0) throw new MessageError(`task: unknown reuse of gradients ${flags}`);
  return { read: (flags & READ) !== 0, keep: (flags & KEEP) !== 0 };
}

function writeReduction(writer: FrameWriter, reduction: Reduction): void {
  const { dimension, entryBytes, ranges, range, slots, checksums } = reduction;
  writer.u32(slots.length).u32(dimension).u32(ranges).u32(range).u8(entryBytes);
  for (let i = 0; i < slots.length; i++) writer.u32(slots[i]!).u32(checksums[i]!);
}

/** @throws MessageError */
function readReduction(reader: FrameReader): Reduction {
  const count = reader.u32();
  const [dimension, ranges, range, entryBytes] = [reader.u32(), reader.u32(), reader.u32(), reader.u8()];
  if (!(range < ranges && ranges <= dimension) || (entryBytes !== 4 && entryBytes !== 8)) {
    throw new MessageError(
      `task: range ${range} of ${ranges} of ${dimension} numbers of ${entryBytes} bytes is none`,
    );
  }
  const slots: number[] = [];
  const checksums: number[] = [];
  for (let i = 0; i < count; i++) {
    slots.push(reader.u32());
    checksums.push(reader.u32());
  }
  const lists = { slots: Uint32Array.from(slots), checksums: Uint32Array.from(checksums) };
  return { dimension, entryBytes, ranges, range, ...lists };
}

/** What the tasks of a round have in common comes first: see frame-beginning.ts. */
function writeCommon(task: Task): FrameWriter {
  let inline = 0;
  for (const point of task.points) if (point.kind === "inline") inline += point.vector.byteLength;
  for (const shift of task.shifts ?? []) inline += 16 + shift.byteLength;
  inline += task.downlink?.last?.length ?? 0;
  const writer = new FrameWriter("task", 512 + inline)
    .u8(BY_KIND.get(task.kind)!.wire)
    .u8(
      (task.evaluate ? EVALUATE : 0) |
        (task.others === undefined ? 0 : PACKED) |
        (task.shifts === undefined ? 0 : CARRIED) |
        (task.downlink === undefined ? 0 : HELD) |
        (task.ranges === undefined ? 0 : BY_RANGES) |
        (task.reuse === undefined ? 0 : IN_STORE),
    )
    .u32(task.round)
    .u32(task.oldestNeededRound)
    .u32(task.phase)
    .u32(task.workers)
    .text(task.run)
    .text(task.runDigest)
    .text(task.replyTo);
  if (task.ranges !== undefined) writer.u32(task.ranges.message).u32(task.ranges.evaluation);
  writer.u8(task.points.length);
  task.points.forEach((point, i) => {
    writer.u32(task.pointRounds[i]!);
    if (point.kind === "held") writer.u8(HELD_READING + objectsOf(task));
    else if (point.precision === "float32") writeFloats(writer, point);
    else if (point.kind === "inline") writer.u8(INLINE).vector(point.vector);
    else writer.u8(STORED).text(point.key);
  });
  if (task.downlink !== undefined) writeDownlink(writer, task.downlink);
  return writer;
}

/** What comes before a point: how it travels. */
const INLINE = 0;
const STORED = 1;
/** Vectors of the server's state, plus how many objects an environment reads that held the one of the round before. */
const HELD_READING = 2;
/** As the first two, with entries of float32. */
const INLINE_FLOATS = 254;
const STORED_FLOATS = 255;

function writeFloats(writer: FrameWriter, point: Exclude<Point, { kind: "held" }>): void {
  if (point.kind === "inline") writer.u8(INLINE_FLOATS).floats(point.vector);
  else writer.u8(STORED_FLOATS).text(point.key);
}

/** Objects that a point is read from which travels so. */
function objectsOfPlace(how: number): number {
  if (how >= INLINE_FLOATS) return how - INLINE_FLOATS;
  return how >= HELD_READING ? how - HELD_READING : how;
}

/** Objects that the state of a task is read from, where the environment holds that of the round before. */
function objectsOf({ downlink, round }: Pick<Task, "downlink" | "round">): number {
  if (downlink?.base?.round === round) return downlink.base.keys.length;
  return downlink !== undefined && downlink.last === undefined && downlink.first < round ? 1 : 0;
}

function writeDownlink(writer: FrameWriter, { sums, first, last, base }: Downlink): void {
  writer.u8(sums.length);
  for (const sum of sums) writer.u32(sum);
  writer.u32(first).u8(base?.keys.length ?? 0);
  if (base !== undefined) {
    writer.u32(base.round);
    for (const key of base.keys) writer.text(key);
  }
  writer.bytes(last ?? NO_BYTES);
}

const NO_BYTES = new Uint8Array(0);

function readDownlink(reader: FrameReader): Downlink {
  const sums: number[] = [];
  for (let left = reader.u8(); left > 0; left--) sums.push(reader.u32());
  const first = reader.u32();
  const vectors = reader.u8();
  const base = vectors === 0 ? undefined : readBase(reader, vectors);
  const last = reader.bytes();
  return {
    sums,
    first,
    ...(last.length === 0 ? {} : { last }),
    ...(base === undefined ? {} : { base }),
  };
}

function readBase(reader: FrameReader, vectors: number): NonNullable<Downlink["base"]> {
  const round = reader.u32();
  const keys: string[] = [];
  while (keys.length < vectors) keys.push(reader.text());
  return { round, keys };
}

/** `tasks.map(encodeTask)`: what tasks that differ in slot and worker only have in common is written once. */
export function encodeTasks(tasks: readonly Task[]): string[] {
  let model: Task | undefined;
  let beginning: FrameBeginning | undefined;
  return tasks.map((task) => {
    if (!isPlain(task)) return encodeTask(task);
    if (model === undefined || beginning === undefined || !alike(model, task)) {
      model = task;
      beginning = new FrameBeginning(writeCommon(task).finish());
    }
    return beginning.body(task.slot, task.worker);
  });
}

/** Does nothing come after its slot and its worker? */
function isPlain({ others, shifts, reuse, reduction }: Task): boolean {
  return others === undefined && shifts === undefined && reuse === undefined && reduction === undefined;
}

/** Do two tasks differ in slot, worker, the worker's shift and what becomes of its gradients at most? */
function alike(a: Task, b: Task): boolean {
  return (
    a.kind === b.kind &&
    a.run === b.run &&
    a.runDigest === b.runDigest &&
    a.round === b.round &&
    a.phase === b.phase &&
    a.workers === b.workers &&
    a.replyTo === b.replyTo &&
    a.evaluate === b.evaluate &&
    a.oldestNeededRound === b.oldestNeededRound &&
    a.others === undefined &&
    b.others === undefined &&
    (a.shifts === undefined) === (b.shifts === undefined) &&
    (a.reuse === undefined) === (b.reuse === undefined) &&
    a.reduction === undefined &&
    b.reduction === undefined &&
    a.ranges === b.ranges &&
    a.points === b.points &&
    a.downlink === b.downlink &&
    a.pointRounds === b.pointRounds
  );
}

/**
 * The task of one slot and worker with all that such tasks of a round have in common, nothing else (see `isPlain`). Field by
 * field: spreading takes several times as long, and there may be thousands.
 */
export function plainTask(
  {
    kind,
    run,
    runDigest,
    round,
    phase,
    workers,
    replyTo,
    evaluate,
    oldestNeededRound,
    points,
    pointRounds,
    ranges,
    downlink,
  }: Omit<Task, keyof Member | "others" | "shifts" | "reuse" | "reduction">,
  slot: number,
  worker: number,
): Task {
  const task = {
    kind,
    run,
    runDigest,
    round,
    phase,
    workers,
    slot,
    worker,
    replyTo,
    evaluate,
    oldestNeededRound,
    points,
    pointRounds,
    ranges,
  };
  return downlink === undefined ? task : { ...task, downlink };
}

/** The beginning of the task that was read in full last, and what it says. Tasks of a round share the points' memory. */
let lastRead: { readonly beginning: FrameBeginning; readonly common: Task } | undefined;

/** @throws MessageError, or MarinaError "version". */
export function decodeTask(body: string): Task {
  const known = lastRead?.beginning.numbers(body);
  if (known !== undefined) {
    const [slot, worker] = known;
    return plainTask(lastRead!.common, slot, worker);
  }
  const frame = fromBody(body, "task");
  const task = readTask(frame);
  if (isPlain(task)) {
    const beginning = new FrameBeginning(frame.subarray(0, frame.length - SLOT_AND_WORKER_BYTES));
    lastRead = { beginning, common: task };
  }
  return task;
}

const SLOT_AND_WORKER_BYTES = 8;

/** What a task begins with, up to its points. */
interface TaskHead
  extends Omit<
    Task,
    | keyof Member
    | "evaluate"
    | "points"
    | "pointRounds"
    | "downlink"
    | "others"
    | "shifts"
    | "reuse"
    | "reduction"
  > {
  readonly flags: number;
  /** Of points. */
  readonly count: number;
}

/** @throws MessageError */
function readHead(reader: FrameReader): TaskHead {
  const kind = readKind(reader);
  const flags = reader.u8();
  if ((flags & ~(EVALUATE | PACKED | CARRIED | HELD | BY_RANGES | IN_STORE)) !== 0)
    throw new MessageError(`task: unknown flags ${flags}`);
  const round = reader.u32();
  const oldestNeededRound = reader.u32();
  const phase = reader.u32();
  const workers = reader.u32();
  const run = reader.text();
  const runDigest = reader.text();
  const replyTo = reader.text();
  const ranges = (flags & BY_RANGES) === 0 ? undefined : { message: reader.u32(), evaluation: reader.u32() };
  const count = reader.u8();
  const expected = pointsOf(kind);
  if (count !== expected) {
    throw new MessageError(`task: a ${kind} task carries ${expected} points, got ${count}`);
  }
  return { kind, flags, round, oldestNeededRound, phase, workers, run, runDigest, replyTo, ranges, count };
}

/** The first field of all. @throws MessageError */
function readKind(reader: NumberReader): TaskKind {
  const onWire = BY_CODE[reader.u8()];
  if (onWire === undefined) throw new MessageError("task: unknown kind");
  return onWire.kind;
}

/** What comes before each point's vector or key. */
function readPlace(reader: FrameReader): { readonly pointRound: number; readonly how: number } {
  return { pointRound: reader.u32(), how: reader.u8() };
}

/** @throws MessageError where the state is told of and no point is a vector of it, or the other way round. */
function readPoint(reader: FrameReader, how: number, flags: number): Point {
  const held = how >= HELD_READING && how < INLINE_FLOATS;
  if (held !== ((flags & HELD) !== 0))
    throw new MessageError("task: a point that travels otherwise than the state");
  if (held) return { kind: "held" };
  if (how === INLINE_FLOATS) return { kind: "inline", vector: reader.floats(), precision: "float32" };
  if (how === STORED_FLOATS) return { kind: "stored", key: reader.text(), precision: "float32" };
  return how === STORED
    ? { kind: "stored", key: reader.text() }
    : { kind: "inline", vector: reader.vector() };
}

function readTask(frame: Uint8Array): Task {
  const reader = new FrameReader("task", frame, "task");
  const { kind, flags, round, oldestNeededRound, phase, workers, run, runDigest, replyTo, ranges, count } =
    readHead(reader);
  const points: Point[] = [];
  const pointRounds: number[] = [];
  for (let i = 0; i < count; i++) {
    const { pointRound, how } = readPlace(reader);
    pointRounds.push(pointRound);
    points.push(readPoint(reader, how, flags));
  }
  const downlink = (flags & HELD) === 0 ? undefined : readDownlink(reader);
  const slot = reader.u32();
  const worker = reader.u32();
  const others: Member[] = [];
  if ((flags & PACKED) !== 0) {
    const more = reader.u32();
    for (let i = 0; i < more; i++) others.push({ slot: reader.u32(), worker: reader.u32() });
  }
  const shifts: Float64Array[] = [];
  if ((flags & CARRIED) !== 0) for (let i = 0; i <= others.length; i++) shifts.push(reader.vector());
  const reuse: GradientReuse[] = [];
  if ((flags & IN_STORE) !== 0) for (let i = 0; i <= others.length; i++) reuse.push(readReuse(reader));
  const reduction = isReduction(kind) ? readReduction(reader) : undefined;
  reader.end();
  return {
    kind,
    run,
    runDigest,
    round,
    phase,
    workers,
    slot,
    worker,
    replyTo,
    evaluate: (flags & EVALUATE) !== 0,
    oldestNeededRound,
    points,
    pointRounds,
    ...(downlink === undefined ? {} : { downlink }),
    ...((flags & PACKED) === 0 ? {} : { others }),
    ...((flags & CARRIED) === 0 ? {} : { shifts }),
    ...((flags & IN_STORE) === 0 ? {} : { reuse }),
    ...(ranges === undefined ? {} : { ranges }),
    ...(reduction === undefined ? {} : { reduction }),
  };
}

/** Evaluations and calibration: not the method's traffic. */
export function isOutsideMethod(kind: TaskKind): boolean {
  return kind in QUESTIONS;
}

/** Does a measurement of the cloud ask this? */
export function isProbe(kind: TaskKind): kind is ProbeName {
  return kind in PROBES;
}

/** Is this body a task outside the method? Looks at its first bytes, and checks nothing. */
export function isOutsideMethodTask(body: string): boolean {
  const kind = kindOf(body);
  return kind !== undefined && isOutsideMethod(kind);
}

/** By its first bytes; undefined for what is no task. */
function kindOf(body: string): TaskKind | undefined {
  const reader = firstNumbersOf("task", body);
  return reader === undefined ? undefined : unlessCutOff(() => readKind(reader));
}

/** Is this body a question of calibration? Looks at its first bytes, and checks nothing. */
export function isPreparationTask(body: string): boolean {
  const kind = kindOf(body);
  return kind === "calibrate" || kind === "gram";
}

/** What a task makes its worker ask of the cloud. */
export interface TaskNeeds {
  readonly kind: TaskKind;
  readonly round: number;
  /** The worker's shift is in the task: it need not read or write what it remembers. */
  readonly carriesShift: boolean;
  /** Objects that its points are read from, by an environment that did a task of the round before. */
  readonly pointObjects: number;
  /** Vectors that it stores to be added by reducers: the method's messages, and exact gradients. */
  readonly storedVectors: { readonly messages: number; readonly evaluations: number };
  /** Gradients that it keeps in the store for the next round. */
  readonly keptGradients: number;
  /** Of a reducer: ranges that it reads. */
  readonly rangesRead: number;
}

/** Bytes of a task that hold its head and its first point's place: run and queue have short names. */
const NEEDS_BYTES = 900;

/** Looks at the beginning of a body, whose checksum it does not check; undefined for what is no task. */
export function taskNeedsOf(body: string): TaskNeeds | undefined {
  const reader = beginningOf("task", body, NEEDS_BYTES);
  if (reader === undefined) return undefined;
  return unlessCutOff(() => {
    const { kind, flags, round, ranges, count } = readHead(reader);
    // All points of a task travel alike.
    const how = count > 0 ? readPlace(reader).how : INLINE;
    // Of a stored pair it holds the older one.
    const pointObjects = objectsOfPlace(how);
    const members = ranges === undefined ? 0 : membersIn(body, flags);
    const storedVectors = {
      messages: (ranges?.message ?? 0) > 0 ? members : 0,
      evaluations: (ranges?.evaluation ?? 0) > 0 ? members : 0,
    };
    const rangesRead = isReduction(kind) ? readSlotsOf(reader) : 0;
    const keptGradients = keptIn(body, flags);
    const carriesShift = (flags & CARRIED) !== 0;
    return { kind, round, carriesShift, pointObjects, storedVectors, keptGradients, rangesRead };
  });
}

/** How many slots a task stands for. Of a pack that comes behind its points and deltas, which may be long: all of it is read. */
function membersIn(body: string, flags: number): number {
  if ((flags & PACKED) === 0) return 1;
  return 1 + (readTask(fromBody(body, "task")).others?.length ?? 0);
}

/** How many gradients a task has kept: told behind all else, as above. */
function keptIn(body: string, flags: number): number {
  if ((flags & IN_STORE) === 0) return 0;
  return readTask(fromBody(body, "task")).reuse!.filter(({ keep }) => keep).length;
}

/** Vectors that a reducer reads: the first number after its slot and worker. */
function readSlotsOf(reader: FrameReader): number {
  reader.u32();
  reader.u32();
  return reader.u32();
}
