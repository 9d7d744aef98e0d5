/** For tests: a run on a small data set of its own, and a worker whose answers can be looked at. */
import type { DeliveredMessage, Handler, Invocation, QueueAddress } from "../../../shared/cloud/ports.ts";
import { importLibsvm } from "../../../shared/data/import.ts";
import type { Manifest } from "../../../shared/data/manifest.ts";
import { specKey } from "../../../shared/protocol/keys.ts";
import {
  decodeRunMessage,
  encodeRunMessage,
  type RunMessage,
} from "../../../shared/protocol/messages/run-message.ts";
import { encodeTask, pointsOf, type Task, type TaskKind } from "../../../shared/protocol/messages/task.ts";
import { parseRunSpec, type RunSpecInput } from "../../../shared/protocol/spec/spec.ts";
import { encodeStoredRun, runDigest, type StoredRun } from "../../../shared/protocol/stored/run.ts";
import { type FakePorts, fakePorts } from "../../testing/fakes.ts";
import { createWorker } from "../handler.ts";

export const DIMENSION = 12;
export const ROWS = 40;

/** Forty rows of three entries each, with real values and both labels. */
function smallData(): string {
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const indices = [...new Set([1 + (row % 4), 5 + ((3 * row) % 4), 9 + ((row * row) % 4)])];
    const entries = indices.map((index) => `${index}:${((row * index) % 7) - 3 || 1}`);
    return `${row % 3 === 0 ? 1 : -1} ${entries.join(" ")}`;
  });
  return `${lines.join("\n")}\n`;
}

async function* text(value: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(value);
}

export interface Stage {
  readonly ports: FakePorts;
  readonly manifest: Manifest;
  readonly stored: StoredRun;
  readonly digest: string;
  /** A task of this run for worker 1 (slot 1), at the points (0.1, 0.2, ...) and (0.05, 0.1, ...). */
  task(kind: TaskKind, change?: Partial<Task>): Task;
}

export const point = (scale: number, dimension = DIMENSION) =>
  Float64Array.from({ length: dimension }, (_, j) => scale * (j + 1));

/** @param dimension of the data set, when larger than its rows need. */
export async function stage(
  algorithm: RunSpecInput["algorithm"],
  change: Partial<RunSpecInput> = {},
  dimension = DIMENSION,
): Promise<Stage> {
  const ports = fakePorts();
  const manifest = await importLibsvm(text(smallData()), {
    name: "small",
    sourceName: "small.txt",
    labels: "binary",
    dimension,
    objects: ports.objects,
  });
  const spec = parseRunSpec(
    {
      data: "small",
      workers: 4,
      problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 0.01 } },
      algorithm,
      stop: { rounds: 10 },
      seed: 5,
      ...change,
    },
    "test",
  );
  const data = { sha256: manifest.object.sha256, etag: manifest.object.etag };
  const stored: StoredRun = { version: 1, run: "r", spec, data };
  await ports.objects.put(specKey("r"), encodeStoredRun(stored));
  ports.objects.calls.length = 0;
  const digest = runDigest(stored);
  const scales = [0.1, 0.05];
  return {
    ports,
    manifest,
    stored,
    digest,
    task: (kind, own = {}) => ({
      kind,
      run: "r",
      runDigest: digest,
      round: 3,
      phase: 0,
      workers: stored.spec.workers as number,
      slot: 1,
      worker: 1,
      replyTo: "replies",
      evaluate: false,
      oldestNeededRound: 0,
      points: scales
        .slice(0, pointsOf(kind))
        .map((scale) => ({ kind: "inline", vector: point(scale, dimension) })),
      pointRounds: [3, 2].slice(0, pointsOf(kind)),
      ...own,
    }),
  };
}

const invocation: Invocation = { remainingMilliseconds: () => 60_000, requestId: "request", cold: false };

export function delivered(body: string, messageId = "message"): DeliveredMessage {
  return { body, messageId, receipt: messageId, receiveCount: 1, queue: "tasks" as QueueAddress };
}

/** Gives the tasks to a worker, one invocation each, and returns the bodies of what it posted. */
export async function answersOf(
  { ports }: Stage,
  tasks: readonly Task[],
  worker: Handler = createWorker(ports),
): Promise<string[]> {
  const before = ports.queues.sent.length;
  for (const task of tasks) {
    const { failedMessageIds } = await worker([delivered(encodeTask(task))], invocation);
    if (failedMessageIds.length > 0) throw new Error("the worker could not read its task");
  }
  return ports.queues.sent.slice(before).map(({ message }) => message.body);
}

/** A body without what it tells of the environment that made it: what that still held, and what it had to read. */
export function matterOf(body: string): string {
  const message = decodeRunMessage(body);
  if (!("cold" in message)) return body;
  const { reads: _, ...read } = message;
  const { bytesRead: __, ...rest } = { bytesRead: 0, ...read };
  return encodeRunMessage(rest.kind === "contribution" ? { ...rest, reused: false } : rest);
}

/** Several messages in one invocation. */
export function invoke(worker: Handler, messages: readonly DeliveredMessage[]) {
  return worker(messages, invocation);
}

/** The one answer to a task. */
export async function answerOf(on: Stage, task: Task, worker?: Handler): Promise<RunMessage> {
  const [body] = await answersOf(on, [task], worker);
  return decodeRunMessage(body!);
}
