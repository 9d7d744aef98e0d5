/** The object store as an environment sees it: each call on its thread, its bytes through its network interface. */
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { getMilliseconds } from "../latency/latencies.ts";
import type { RequestRate } from "../latency/request-rate.ts";
import { gather } from "../objects/object-store.ts";
import type { Machine } from "./environment-host.ts";
import type { Services } from "./shared-services.ts";

export function objectPort(
  machine: Machine,
  { objects, meter, chance, profile, clock, watcher, evaluationObject, rates }: Services,
): ObjectStore {
  const { objectMilliseconds, perObjectByteMilliseconds } = profile.clientCpu;
  /** Requests on these take none of the method's time and none of its money. */
  const isFree = (key: string): boolean => machine.evaluation || evaluationObject(key);
  /** When a request leaves: an evaluation environment notes the CPU, the method's spends none on a free one. */
  const leave = (free: boolean, bytes = 0): number =>
    free && !machine.evaluation
      ? clock.now()
      : machine.occupyCpu(objectMilliseconds + bytes * perObjectByteMilliseconds);
  /**
   * When the store serves a request. One of an environment that stands still is not counted: it leaves long after those that
   * others make meanwhile, which must not wait for it.
   */
  const served = (rate: RequestRate, key: string, leavesAt: number): number =>
    machine.standsStill ? leavesAt : rate.passes(key, leavesAt);
  const upload = (key: string, evaluation: boolean, bytes: number, effect: () => string): Promise<string> => {
    const leavesAt = leave(evaluation, bytes);
    if (evaluation) {
      machine.preparation.transfer(bytes, profile.objectPut.p50, machine.evaluation);
      return machine.request(leavesAt, leavesAt, effect);
    }
    const startsAt = served(rates.puts, key, leavesAt);
    const uploadedAt = Math.max(
      startsAt + bytes / profile.putBytesPerMillisecond,
      machine.occupyObjectNetwork(startsAt, bytes),
    );
    return machine.request(leavesAt, uploadedAt + chance.objectPut(), effect);
  };
  return {
    get: (key, options) =>
      machine.promise((resolve, reject) => {
        const evaluation = isFree(key);
        const leavesAt = leave(evaluation);
        const firstByteAt = evaluation ? leavesAt : served(rates.gets, key, leavesAt) + chance.objectGet();
        clock.at(firstByteAt, () => {
          if (machine.diedBefore(leavesAt)) return;
          try {
            const object = objects.get(key, options);
            const bytes = object.body.length;
            meter.getObject(bytes, evaluation);
            if (evaluation) {
              machine.preparation.transfer(bytes, profile.objectGet.p50, machine.evaluation);
              machine.answer(resolve, object);
              return;
            }
            const lastByteAt = Math.max(
              firstByteAt + getMilliseconds(profile, bytes),
              machine.occupyObjectNetwork(firstByteAt, bytes),
            );
            clock.at(lastByteAt, () => {
              if (machine.dead) return;
              const readAt = machine.occupyCpu(bytes * perObjectByteMilliseconds);
              if (readAt <= clock.now()) machine.answer(resolve, object);
              else clock.at(readAt, () => machine.answer(resolve, object));
            });
          } catch (error) {
            meter.getObject(0, evaluation);
            machine.answer(reject, error);
          }
        });
      }),
    put: (key, body, condition) => {
      const evaluation = isFree(key);
      return upload(key, evaluation, body.length, () => {
        meter.putObject(body.length, evaluation);
        const etag = objects.put(key, body, condition);
        watcher?.stored(key, body, machine.requestId);
        return etag;
      });
    },
    putStream: async (key, chunks) => {
      const body = await gather(chunks);
      const evaluation = isFree(key);
      return upload(key, evaluation, body.length, () => {
        meter.putObjectStream(body.length, evaluation);
        return objects.put(key, body);
      });
    },
    delete: (key) => {
      const evaluation = isFree(key);
      const leavesAt = leave(evaluation);
      return machine.request(leavesAt, evaluation ? leavesAt : leavesAt + chance.objectGet(), () => {
        meter.deleteObject(evaluation);
        objects.delete(key);
      });
    },
    list: (prefix) => {
      const evaluation = isFree(prefix);
      const leavesAt = leave(evaluation);
      return machine.request(leavesAt, evaluation ? leavesAt : leavesAt + chance.objectPut(), () => {
        const keys = objects.list(prefix);
        meter.listObjects(keys.length, evaluation);
        return keys;
      });
    },
  };
}
