/**
 * The worker function: one task in, one contribution out, nothing kept that matters.
 * The way of a task: load.ts (run, points), shards.ts (rows), state.ts (what the worker remembers) -> gradients.ts ->
 * compute.ts (message, next state) -> publish.ts (post the answer).
 */

import { MarinaError } from "../../shared/base/index.ts";
import type { Handler, Ports } from "../../shared/cloud/index.ts";
import { Descriptions } from "../../shared/data/index.ts";
import { Workspace } from "../../shared/math/index.ts";
import { decodeTask, membersOf, type RunMessage, type Task } from "../../shared/protocol/index.ts";
import { answer } from "./compute.ts";
import type { GradientStore } from "./gradients.ts";
import { heldGradients } from "./held-gradients.ts";
import type { WorkerHooks } from "./hooks.ts";
import { RunLoader } from "./load.ts";
import { publish } from "./publish.ts";
import type { WorkerContext } from "./ready.ts";
import { heldServerStates, NeedState, type ServerStateStore } from "./server-state.ts";
import { OpenedShards, ShardLoader } from "./shards.ts";
import { StoredGradients } from "./stored-gradients.ts";
import type { TaskAnswer } from "./task-answer.ts";

/** What an environment computes with. An engine that runs many of them in one process may have them share it. */
export interface WorkerResources {
  readonly descriptions: Descriptions;
  readonly gradients: GradientStore;
  readonly shards: OpenedShards;
  readonly states: ServerStateStore;
  /** Memory for intermediate results. */
  readonly workspace: Workspace;
  readonly hooks?: WorkerHooks;
}

function ownResources(): WorkerResources {
  return {
    descriptions: new Descriptions(),
    gradients: heldGradients(),
    shards: new OpenedShards(),
    states: heldServerStates(),
    workspace: new Workspace(),
  };
}

/**
 * Makes the handler of one function environment. What the environment holds (run descriptions, shards, last
 * gradients) are caches of things that can be had again with the same bits.
 */
export function createWorker(ports: Ports, resources: WorkerResources = ownResources()): Handler {
  const { gradients, workspace, hooks = {} } = resources;
  const runs = new RunLoader(ports, workspace, resources.states, resources.descriptions);
  const shards = new ShardLoader(ports, resources.shards);
  const stored = new StoredGradients(ports);
  return async (messages, invocation) => {
    const failedMessageIds: string[] = [];
    for (const message of messages) {
      let task: Task;
      try {
        task = decodeTask(message.body);
      } catch (error) {
        // Nobody to answer: the mapping delivers it again and at last moves it to the dead-letter queue.
        ports.log.warn("task-unreadable", { messageId: message.messageId, error: text(error) });
        failedMessageIds.push(message.messageId);
        continue;
      }
      const readsBefore = runs.reads + shards.reads + stored.reads;
      const bytesBefore = runs.pointBytes + stored.bytesRead;
      const context = { ports, runs, shards, gradients, stored, workspace, hooks, cold: invocation.cold };
      stored.drop();
      const messages = await answerAll(task, context);
      const answered = withReads(task, messages, context, {
        reads: runs.reads + shards.reads + stored.reads - readsBefore,
        bytesRead: runs.pointBytes + stored.bytesRead - bytesBefore,
      });
      const [outcome] = messages;
      if (outcome?.kind === "error") {
        const { run, round, slot, worker } = task;
        ports.log.warn("task-failed", {
          run,
          round,
          slot,
          worker,
          code: outcome.code,
          error: outcome.message,
        });
      }
      try {
        await publish(ports, task, answered);
        await stored.store();
      } catch (error) {
        // The answer can't be brought home: the task is delivered again (or sent again by the aggregator, sooner).
        ports.log.warn("answer-not-posted", {
          run: task.run,
          round: task.round,
          slot: task.slot,
          error: text(error),
        });
        failedMessageIds.push(message.messageId);
      }
    }
    return { failedMessageIds };
  };
}

/** An environment handles one task at a time: what it has read meanwhile was for that task. */
function withReads(
  task: Task,
  messages: readonly RunMessage[],
  { cold }: WorkerContext,
  { reads, bytesRead }: { readonly reads: number; readonly bytesRead: number },
): TaskAnswer {
  // Told whenever points or gradients are objects, be it of none: so an answer's length does not depend on what is held.
  const inTask = task.reuse === undefined && task.points.every(({ kind }) => kind === "inline");
  const points = inTask ? {} : { bytesRead };
  const [first] = messages;
  if (first!.kind === "need-state") return { messages: [{ ...first!, bytesRead }] };
  if (task.others !== undefined) return { messages, pack: { task, cold, reads, ...points } };
  const [message] = messages;
  if (!("cold" in message!)) return { messages };
  if (message.kind === "contribution" && "bytesRead" in points)
    return { messages: [{ ...message, ...points, ...(reads > 0 ? { reads } : {}) }] };
  return { messages: reads > 0 ? [{ ...message, reads }] : messages };
}

/** The answer to a task, or what went wrong. */
function answerOne(task: Task, context: WorkerContext): Promise<RunMessage> {
  return answer(task, context).catch((error: unknown) => failure(task, error));
}

/**
 * The answers to all that a task stands for, or the first failure alone: a pack is sent again as a whole, so it counts as a
 * whole.
 */
async function answerAll(task: Task, context: WorkerContext): Promise<readonly RunMessage[]> {
  if (task.others === undefined) return [await answerOne(task, context)];
  const messages: RunMessage[] = [];
  for (const member of membersOf(task)) {
    const outcome = await answerOne(member, context);
    if (outcome.kind === "error" || outcome.kind === "need-state") return [outcome];
    messages.push(outcome);
  }
  return messages;
}

/**
 * A worker that fails says so instead of throwing: thrown errors slow the whole event source mapping down, and would
 * tell the user nothing.
 */
function failure(task: Task, error: unknown): RunMessage {
  const { runDigest, phase, round, slot, worker } = task;
  if (error instanceof NeedState)
    return { kind: "need-state", runDigest, phase, round, slot, worker, bytesRead: 0 };
  const known = error instanceof MarinaError;
  return {
    kind: "error",
    runDigest,
    phase,
    round,
    slot,
    worker,
    code: known ? error.code : "worker-failed",
    message: text(error),
    retryable: !known || error.code === "unavailable",
  };
}

function text(error: unknown): string {
  return error instanceof MarinaError
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
}
