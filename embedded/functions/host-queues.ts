/** The queues as an environment sees them. Evaluation traffic takes no time of the method's, nor of its thread. */
import type { MessageQueue, QueueAddress, ReceivedMessage } from "../../shared/cloud/index.ts";
import type { Message } from "../queues/message-list.ts";
import type { EmbeddedQueue } from "../queues/queue.ts";
import { type Batch, checkReceive, queueNotFound } from "../queues/queue-rules.ts";
import type { Machine } from "./environment-host.ts";
import type { Services } from "./shared-services.ts";

export function queuePort(machine: Machine, services: Services): MessageQueue {
  const { queues, meter, chance, profile, clock, watcher, preparationTask } = services;
  const cpu = profile.clientCpu;
  const { evaluation } = machine;
  const receiver = new Receiver(machine, services);
  /** A call of the queue's management or on one message. */
  const call = <T>(free: boolean, cpuMilliseconds: number, effect: () => T): Promise<T> => {
    const leavesAt = free ? clock.now() : machine.occupyCpu(cpuMilliseconds);
    return machine.request(leavesAt, free ? leavesAt : leavesAt + chance.queueCall(), effect);
  };
  return {
    create: (name, options) =>
      call(evaluation, cpu.deleteMilliseconds, () => {
        meter.manage(name as QueueAddress, evaluation);
        return queues.create(name, options).address;
      }),
    address: (name) =>
      call(evaluation, cpu.deleteMilliseconds, () => {
        meter.manage(name as QueueAddress, evaluation);
        return queues.get(name).address;
      }),
    destroy: (queue) =>
      call(evaluation, cpu.deleteMilliseconds, () => {
        meter.manage(queue, evaluation);
        queues.destroy(queue);
        watcher?.destroyed(queue, machine.requestId);
      }),
    send: (address, messages) => {
      let queue: EmbeddedQueue;
      let batch: Batch;
      try {
        queue = queues.get(address);
        batch = queue.measure(messages);
      } catch (error) {
        return Promise.reject(error);
      }
      const { totalBytes } = batch;
      const methodBytes = evaluation ? 0 : batch.methodBytes;
      const free = methodBytes === 0;
      const from = clock.now();
      const leavesAt = free
        ? from
        : machine.occupyNetwork(
            machine.occupyCpu(cpu.sendMilliseconds + methodBytes * cpu.perMessageByteMilliseconds),
            methodBytes,
          );
      const { preparation } = machine;
      if (!free) preparation.end();
      const asks = free && !evaluation && preparationTask(messages[0]!.body);
      const ahead = asks ? preparation.ask() : preparation.answer();
      return machine.request(leavesAt, free ? leavesAt : leavesAt + chance.queueCall(), () => {
        meter.send(address, { methodBytes, evaluationBytes: totalBytes - methodBytes }, messages.length);
        queue.accept(batch, leavesAt, ahead);
        watcher?.sent?.(address, messages);
      });
    },
    receive: (address, options) => receiver.receive(address, options),
    delete: (address, receipts) => {
      const free = evaluation || queues.find(address)?.isEvaluation(receipts) === true;
      return call(free, cpu.deleteMilliseconds, () => {
        meter.delete(address, receipts.length, free);
        queues.get(address).delete(receipts);
      });
    },
    extend: (address, receipt, seconds) => {
      const free = evaluation || queues.find(address)?.isEvaluation([receipt]) === true;
      return call(free, cpu.deleteMilliseconds, () => {
        meter.extend(address, free);
        queues.get(address).extend(receipt, seconds);
      });
    },
    waiting: (address) =>
      call(evaluation, cpu.deleteMilliseconds, () => {
        meter.manage(address, evaluation);
        return queues.get(address).waiting;
      }),
  };
}

/** A poll of the method's that evaluation messages used up: its successor takes its place as if nothing had been. */
interface PollCredit {
  readonly arriveAt: number;
  readonly deadline: number;
  readonly latency: number;
  readonly order: number;
}

/** The long polls of one environment. */
class Receiver {
  readonly #machine: Machine;
  readonly #services: Services;
  readonly #credits = new Map<QueueAddress, PollCredit[]>();

  constructor(machine: Machine, services: Services) {
    this.#machine = machine;
    this.#services = services;
  }

  receive(
    address: QueueAddress,
    options: { readonly max: number; readonly waitSeconds: number },
  ): Promise<readonly ReceivedMessage[]> {
    const { queues, chance, clock, profile } = this.#services;
    const { clientCpu } = profile;
    const machine = this.#machine;
    return machine.promise((resolve, reject) => {
      checkReceive(address, options);
      const free = machine.evaluation;
      const credit = free ? undefined : this.#credits.get(address)?.shift();
      const latency = credit?.latency ?? (free ? 0 : chance.queueCall());
      const leavesAt = credit === undefined ? machine.occupyCpu(clientCpu.receiveMilliseconds) : clock.now();
      const arriveAt = credit === undefined ? leavesAt + latency / 2 : Math.max(clock.now(), credit.arriveAt);
      const deadline = credit?.deadline ?? arriveAt + options.waitSeconds * 1000;

      const returnMessages = (messages: readonly Message[], order: number): void => {
        this.#meter(address, messages);
        const received = messages.map(asReceived);
        if (free) {
          machine.answer(resolve, received);
          return;
        }
        if (messages.length > 0 && messages[0]!.evaluation) {
          const ahead = Math.max(...messages.map((message) => message.ahead ?? -1));
          if (ahead >= 0) machine.preparation.receive(ahead, messages.length);
          this.#keepCredit(address, { arriveAt, deadline, latency, order });
          machine.answer(resolve, received);
          return;
        }
        let methodBytes = 0;
        for (const { bytes, evaluationBytes } of messages) methodBytes += bytes - evaluationBytes;
        // What comes while the poll waits is seen only when the service looks again.
        const seenAfter = messages.length > 0 && clock.now() > arriveAt ? chance.arrival() : 0;
        clock.at(clock.now() + seenAfter + latency / 2, () => {
          if (machine.dead) return;
          const throughAt = machine.occupyNetwork(clock.now(), methodBytes);
          const parsedAt = machine.occupyCpu(
            messages.length * clientCpu.receivePerMessageMilliseconds +
              methodBytes * clientCpu.perMessageByteMilliseconds,
          );
          const doneAt = Math.max(throughAt, parsedAt);
          if (doneAt <= clock.now()) machine.answer(resolve, received);
          else clock.at(doneAt, () => machine.answer(resolve, received));
        });
      };

      const queue = queues.find(address);
      if (queue === undefined) {
        clock.at(arriveAt, () => machine.answer(reject, queueNotFound(address)));
        return;
      }
      queue.poll({
        max: options.max,
        arriveAt,
        deadline,
        order: credit?.order,
        answer: returnMessages,
        refuse: (error) => machine.answer(reject, error),
        neverLeft: () => machine.diedBefore(leavesAt),
      });
    });
  }

  #keepCredit(address: QueueAddress, credit: PollCredit): void {
    const credits = this.#credits.get(address);
    if (credits === undefined) this.#credits.set(address, [credit]);
    else credits.push(credit);
  }

  #meter(address: QueueAddress, messages: readonly Message[]): void {
    const { meter } = this.#services;
    const { evaluation } = this.#machine;
    if (messages.length === 0) {
      meter.emptyReceive(address, evaluation);
      return;
    }
    let methodBytes = 0;
    let totalBytes = 0;
    for (const { bytes, evaluationBytes } of messages) {
      totalBytes += bytes;
      if (!evaluation) methodBytes += bytes - evaluationBytes;
    }
    meter.receive(address, { methodBytes, evaluationBytes: totalBytes - methodBytes }, messages.length);
  }
}

/** A message in flight as its receiver gets it. */
export function asReceived({ body, receipt, receiveCount }: Message): ReceivedMessage {
  return { body, receipt: receipt!, receiveCount };
}
