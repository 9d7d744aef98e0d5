/** The cloud as the command line sees it: at once, not on the run's clock, not on its bill. */
import type { Log, Ports, ReceivedMessage } from "../../shared/cloud/index.ts";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import type { EmbeddedObjects } from "../objects/object-store.ts";
import { checkReceive } from "../queues/queue-rules.ts";
import type { EmbeddedQueues } from "../queues/queues.ts";

/**
 * Ports without latency and without counting. Everything but `clock.sleep` and a long poll that has to wait settles
 * without the clock running.
 */
export function createClient(
  clock: VirtualClock,
  objects: EmbeddedObjects,
  queues: EmbeddedQueues,
  log: Log,
): Ports {
  return {
    objects: {
      get: async (key, options) => objects.get(key, options),
      put: async (key, body, condition) =>
        condition !== undefined && "ifNoneMatch" in condition
          ? objects.create(key, body)
          : objects.put(key, body, condition),
      putStream: (key, chunks) => objects.putStream(key, chunks),
      delete: async (key) => objects.delete(key),
      list: async (prefix) => objects.list(prefix),
    },
    queues: {
      create: async (name, options) => queues.create(name, options).address,
      address: async (name) => queues.get(name).address,
      destroy: async (queue) => queues.destroy(queue),
      send: async (address, messages) => {
        const queue = queues.get(address);
        queue.accept(queue.measure(messages), clock.now());
      },
      receive: async (address, options) => {
        checkReceive(address, options);
        const queue = queues.get(address);
        return new Promise<readonly ReceivedMessage[]>((resolve, reject) => {
          queue.poll({
            max: options.max,
            arriveAt: clock.now(),
            deadline: clock.now() + options.waitSeconds * 1000,
            order: undefined,
            answer: (messages) =>
              resolve(
                messages.map(({ body, receipt, receiveCount }) => ({
                  body,
                  receipt: receipt!,
                  receiveCount,
                })),
              ),
            refuse: reject,
            neverLeft: () => false,
          });
        });
      },
      delete: async (address, receipts) => queues.get(address).delete(receipts),
      extend: async (address, receipt, seconds) => queues.get(address).extend(receipt, seconds),
      waiting: async (address) => queues.get(address).waiting,
    },
    clock,
    compute: { run: async (_work, compute) => compute() },
    log,
  };
}
