/** For tests: five bugs that a simulator of faults must find, each put in at a named hook or between handler and ports. */

import type { ServiceAlteration } from "../../embedded/service/service.ts";
import { ContributionTable } from "../../lambdas/aggregator/exchange/contribution-table.ts";
import type { Handler, ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { checkpointKey } from "../../shared/protocol/keys.ts";
import { decodeRunMessage, encodeRunMessage } from "../../shared/protocol/messages/run-message.ts";
import { decodeTask, encodeTask, type Task } from "../../shared/protocol/messages/task.ts";
import { RUN } from "../baseline.ts";

class CountsMessages extends ContributionTable {
  protected override hasAnswered(): boolean {
    return false;
  }
}

class InOrderOfArrival extends ContributionTable {
  readonly order: unknown[] = [];

  override expect(...expected: Parameters<ContributionTable["expect"]>): void {
    this.order.length = 0;
    super.expect(...expected);
  }

  override offer(...offered: Parameters<ContributionTable["offer"]>): ReturnType<ContributionTable["offer"]> {
    const verdict = super.offer(...offered);
    if (verdict.accepted) this.order.push(offered[0]);
    return verdict;
  }
}

function sumsInOrderOfArrival(): ServiceAlteration {
  let table: InOrderOfArrival | undefined;
  return {
    hooks: {
      createTable(runDigest, observer) {
        table = new InOrderOfArrival(runDigest, observer);
        return table;
      },
      foldOrder: (contributions) =>
        [...contributions].sort((a, b) => table!.order.indexOf(a.message) - table!.order.indexOf(b.message)),
    },
  };
}

const writesWithoutCondition = (ports: Ports): Ports => ({
  ...ports,
  objects: {
    ...ports.objects,
    put: (key, body, condition) =>
      ports.objects.put(key, body, key === checkpointKey(RUN) ? undefined : condition),
  },
});

const SLOTS = 1000;

/** The worker is given another slot at each attempt, and its answer the right one: only its draws are wrong. */
function keyedByAttempt(): NonNullable<ServiceAlteration["worker"]> {
  const attempts = new Map<string, number>();
  return (ports, create): Handler => {
    const handler = create({
      ...ports,
      queues: {
        ...ports.queues,
        send: (queue, messages) =>
          ports.queues.send(
            queue,
            messages.map((message) => ({ ...message, body: inItsSlot(message.body) })),
          ),
      },
    });
    return (messages, invocation) =>
      handler(
        messages.map((message) => ({ ...message, body: shifted(message.body, attempts) })),
        invocation,
      );
  };
}

function shifted(body: string, attempts: Map<string, number>): string {
  let task: Task;
  try {
    task = decodeTask(body);
  } catch {
    return body;
  }
  const { round, slot } = task;
  const key = `${round} ${slot}`;
  const attempt = attempts.get(key) ?? 0;
  attempts.set(key, attempt + 1);
  return attempt === 0 ? body : encodeTask({ ...task, slot: slot + SLOTS * attempt });
}

function inItsSlot(body: string): string {
  const message = decodeRunMessage(body);
  return "slot" in message && message.slot >= SLOTS
    ? encodeRunMessage({ ...message, slot: message.slot % SLOTS })
    : body;
}

const MEMORY = /^(runs\/[^/]+\/memory\/\d+\/)\d+$/;

/** A worker's shift has one place for all rounds: a task that is done twice adds to it twice. */
function oneShiftForAllRounds(objects: ObjectStore): ObjectStore {
  const placeOf = (key: string): string => key.replace(MEMORY, "$10000000001");
  return {
    ...objects,
    get: (key, options) => objects.get(placeOf(key), options),
    put: (key, body, condition) => objects.put(placeOf(key), body, condition),
    delete: async (key) => {
      if (!MEMORY.test(key)) await objects.delete(key);
    },
  };
}

/** Each makes its bug anew for a service. */
export const mutations: Readonly<Record<string, () => ServiceAlteration>> = {
  "counts messages instead of distinct tasks": () => ({
    hooks: { createTable: (runDigest, observer) => new CountsMessages(runDigest, observer) },
  }),
  "sums in the order of arrival": sumsInOrderOfArrival,
  "writes the checkpoint without a condition": () => ({ aggregatorPorts: writesWithoutCondition }),
  "keys the random streams by attempt": () => ({ worker: keyedByAttempt() }),
  "applies DIANA's shift again when a task is done twice": () => ({
    worker: (ports, create) => create({ ...ports, objects: oneShiftForAllRounds(ports.objects) }),
  }),
};
