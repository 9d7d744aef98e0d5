/** One term of the aggregator: load.ts, drive.ts, finalise.ts; whatever happens, nothing is left open. */
import type { DeliveredMessage, Invocation, Ports } from "../../../shared/cloud/index.ts";
import type { ControlMessage } from "../../../shared/protocol/index.ts";
import type { AggregatorSettings } from "../settings.ts";
import { drive } from "./drive.ts";
import { endOnFailure } from "./end-on-failure.ts";
import { finalise } from "./finalise.ts";
import { Lease } from "./lease.ts";
import { load } from "./load.ts";
import { closeTerm, type Term } from "./open-term.ts";

/** @throws what should make its control message be delivered again. */
export async function runTerm(
  ports: Ports,
  settings: AggregatorSettings,
  message: DeliveredMessage,
  control: ControlMessage,
  invocation: Invocation,
): Promise<void> {
  const lease =
    settings.hooks?.createLease?.(ports, message) ?? new Lease(ports.queues, ports.clock, message);
  const startedAt = ports.clock.now();
  const term: Term = { ports, settings, control, message, invocation, lease, startedAt };
  try {
    await lease.hold();
    const loaded = await load(term);
    if (loaded !== undefined) await finalise(loaded.open, await drive(loaded.open, loaded.state));
  } catch (error) {
    await endOnFailure(term, error);
  } finally {
    await closeTerm(term);
    lease.release();
  }
}
