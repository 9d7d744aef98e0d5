/** For tests: five bugs that a simulator of faults must find, as changes to the production sources. */

/** One place in a source: `find` must occur there exactly once. */
export interface Change {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const INBOX = "lambdas/aggregator/exchange/inbox.ts";

export const mutations: Readonly<Record<string, readonly Change[]>> = {
  "counts messages instead of distinct tasks": [
    {
      file: INBOX,
      find: "expected.workers[slot] === worker &&\n      this.#arrivals[slot] === undefined",
      replace: "expected.workers[slot] === worker",
    },
  ],
  "sums in the order of arrival": [
    {
      file: INBOX,
      find: "    this.#count++;\n",
      replace: "    this.#count++;\n    this.order.push(this.#arrivals[message.slot]);\n",
    },
    {
      file: INBOX,
      find: "  dropped = 0;\n",
      replace: "  dropped = 0;\n  order: (Arrival | undefined)[] = [];\n",
    },
    {
      file: INBOX,
      find: "    this.#count = 0;\n    this.#errors = [];",
      replace: "    this.#count = 0;\n    this.order = [];\n    this.#errors = [];",
    },
    {
      file: "lambdas/aggregator/round/round.ts",
      find: "const own = arrivals.slice(0, workers.length);",
      replace:
        "const own = inbox.order.filter((a) => a !== undefined && a.message.slot < workers.length) as Arrival[];",
    },
    {
      file: "lambdas/aggregator/round/round.ts",
      find: "message.loss === null || message.worker !== slot",
      replace: "message.loss === null || slot < 0",
    },
  ],
  "writes the checkpoint without a condition": [
    {
      file: "lambdas/aggregator/checkpoints/checkpoint-writer.ts",
      find: "this.#objects.put(this.#key, bytes, condition)",
      replace: "this.#objects.put(this.#key, bytes, condition === undefined ? condition : undefined)",
    },
  ],
  "keys the random streams by attempt": [
    {
      file: "lambdas/worker/compute.ts",
      find: "const place = { round, slot, slots",
      replace: "const place = { round, slot: slot + 1000 * attempt(task), slots",
    },
    {
      file: "lambdas/worker/compute.ts",
      find: "function checkState(",
      replace:
        "const attempts = new Map<string, number>();\nfunction attempt({ round, slot }: Task): number {\n  const key = [round, slot].join();\n  const made = attempts.get(key) ?? 0;\n  attempts.set(key, made + 1);\n  return made;\n}\n\nfunction checkState(",
    },
  ],
  "applies DIANA's shift again when a task is done twice": [
    {
      file: "lambdas/worker/state.ts",
      find: "memoryKey(task.run, task.worker, task.round + 1), body",
      replace: "memoryKey(task.run, task.worker, 1), body",
    },
    {
      file: "lambdas/worker/state.ts",
      find: "const key = memoryKey(task.run, task.worker, task.round);",
      replace: "const key = memoryKey(task.run, task.worker, 1);",
    },
    {
      file: "lambdas/worker/state.ts",
      find: "if (old > 0 && old < task.memoryFloor)",
      replace: "if (old > 1 && old < task.memoryFloor)",
    },
  ],
};
