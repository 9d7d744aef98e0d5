/** The law of the lease: whoever's control message may be with a successor by now takes no messages of the run. */
import type { Ports, QueueAddress } from "../shared/cloud/index.ts";
import { LEASE_SECONDS } from "../shared/protocol/index.ts";

/** What the cloud's clock and an environment's differ by beside the offset. */
const TOLERANCE_MILLISECONDS = 1;

/**
 * The same ports of an aggregator's environment. A renewal that succeeded hides the control message for `LEASE_SECONDS` from
 * when it was asked for at the earliest; a poll that begins later than that is told of.
 *
 * @param now the cloud's own clock, in milliseconds.
 */
export function watchLease(
  ports: Ports,
  controlQueue: QueueAddress,
  now: () => number,
  violated: (what: string) => void,
): Ports {
  const { queues } = ports;
  let heldUntil = Number.POSITIVE_INFINITY;
  return {
    ...ports,
    queues: {
      ...queues,
      async extend(queue, receipt, seconds) {
        const asked = now();
        await queues.extend(queue, receipt, seconds);
        if (queue === controlQueue) heldUntil = asked + 1000 * LEASE_SECONDS;
      },
      receive(queue, options) {
        const late = now() - heldUntil;
        if (late > TOLERANCE_MILLISECONDS)
          violated(`${queue} was asked for messages ${(late / 1000).toFixed(1)} s after the lease had ended`);
        return queues.receive(queue, options);
      },
    },
  };
}
