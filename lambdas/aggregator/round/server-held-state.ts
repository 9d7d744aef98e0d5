/**
 * DIANA's shifts in the hands of the aggregator: h_i^{t+1} = h_i^t + alpha m_i follows from the messages m_i alone, so
 * the aggregator, which decodes them, can hold the shifts of all workers, which then need no state of their own. Every task brings its
 * worker's h_i; the checkpoint holds all of them, as vectors of the method's state.
 */

import { MarinaError } from "../../../shared/base/index.ts";
import { movedShift, type Vectors } from "../../../shared/methods/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { addMessage, type Encoding } from "./decode.ts";

const nameOf = (worker: number): string => `shift of worker ${worker}`;

/** h_i^0 = 0 */
export function startingShifts(workers: number, dimension: number): Vectors {
  return Object.fromEntries(
    Array.from({ length: workers }, (_, worker) => [nameOf(worker), new Float64Array(dimension)]),
  );
}

/** h_i^t. @throws MarinaError "corrupt" when the checkpoint does not hold it. */
export function shiftOf(state: Vectors, worker: number): Float64Array {
  const shift = state[nameOf(worker)];
  if (shift !== undefined) return shift;
  throw new MarinaError("corrupt", `checkpoint: the shift of worker ${worker}, which is carried, is missing`);
}

/** h_i^{t+1} of all workers, by the arithmetic of the workers themselves: the same bits. @param alpha 1/(1 + omega) */
export function moveShifts(
  state: Vectors,
  accepted: readonly AcceptedContribution[],
  encoding: Encoding,
  alpha: number,
): Vectors {
  const { dimension } = encoding.compressor;
  return Object.fromEntries(
    accepted.map(({ message }) => {
      const decoded = new Float64Array(dimension);
      addMessage(message, encoding, decoded);
      const { worker } = message;
      return [nameOf(worker), movedShift(shiftOf(state, worker), alpha, decoded)];
    }),
  );
}
