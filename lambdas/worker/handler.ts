/**
 * The worker function: one task in, one contribution out, nothing kept that matters.
 * The way of a task: load.ts (run, shard) -> compute.ts (estimate, compress) -> publish.ts (post the answer).
 */
import type { Handler, Ports } from "../../shared/cloud/ports.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import type { Incoming } from "../../shared/protocol/contribution.ts";
import { decodeTask, type Task } from "../../shared/protocol/task.ts";
import { answer } from "./compute.ts";
import { GradientCache } from "./gradients.ts";
import { Loader } from "./load.ts";
import { publish } from "./publish.ts";

/**
 * Makes the handler of one function environment. What the environment holds (run descriptions, shards, last
 * gradients) are caches of things that can be had again with the same bits.
 * @param memo of an engine that runs many environments in one process: see gradients.ts.
 */
export function createWorker(ports: Ports, memo?: GradientCache): Handler {
  const loader = new Loader(ports);
  const own = new GradientCache();
  const gradients = { own, memo: memo ?? own };
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
      const outcome = await answer(task, { ports, loader, gradients, cold: invocation.cold }).catch((error: unknown) =>
        failure(task, error),
      );
      if (outcome.kind === "error") {
        const { run, round, slot, worker } = task;
        ports.log.warn("task-failed", { run, round, slot, worker, code: outcome.code, error: outcome.message });
      }
      await publish(ports, task, outcome);
    }
    return { failedMessageIds };
  };
}

/**
 * A worker that fails says so instead of throwing: thrown errors slow the whole event source mapping down, and would
 * tell the user nothing.
 */
function failure(task: Task, error: unknown): Incoming {
  const { runDigest, round, slot, worker } = task;
  const known = error instanceof MarinaError;
  return {
    kind: "error",
    runDigest,
    round,
    slot,
    worker,
    code: known ? error.code : "worker-failed",
    message: text(error),
    retryable: !known || error.code === "unavailable",
  };
}

function text(error: unknown): string {
  return error instanceof MarinaError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
}
