/**
 * The workers' states in the hands of the aggregator: where they follow from the messages alone (DIANA's h_i^{t+1} =
 * h_i^t + alpha m_i), whoever decodes those can hold the states of all workers, which then need none of their own. Every
 * task brings its worker's; the checkpoint holds all of them, as vectors of the method's state.
 */

import { MarinaError } from "../../../shared/base/index.ts";
import {
  type AlgorithmSpec,
  methodOf,
  type RequestDefinition,
  stateHolder,
  type Vectors,
  type WorkerNumbers,
  type WorkerStateDefinition,
} from "../../../shared/methods/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { addMessage, type Encoding } from "./decode.ts";

/** How the server moves the states that it holds; undefined where it holds none. */
export function serverHeld(algorithm: AlgorithmSpec): WorkerStateDefinition | undefined {
  return stateHolder(algorithm) === "server" ? (methodOf(algorithm).workerState ?? undefined) : undefined;
}

const nameOf = (vector: string, worker: number): string => `${vector} of worker ${worker}`;

/** All states before round 0; nothing where the server holds none. */
export function startServerHeld(algorithm: AlgorithmSpec, workers: number, dimension: number): Vectors {
  const names = serverHeld(algorithm)?.vectors ?? [];
  return Object.fromEntries(
    Array.from({ length: workers }, (_, worker) =>
      names.map((name) => [nameOf(name, worker), new Float64Array(dimension)] as const),
    ).flat(),
  );
}

/** One worker's state. @throws MarinaError "corrupt" when the checkpoint does not hold it. */
export function stateOf(held: WorkerStateDefinition, state: Vectors, worker: number): Vectors {
  return Object.fromEntries(
    held.vectors.map((name) => {
      const vector = state[nameOf(name, worker)];
      if (vector !== undefined) return [name, vector];
      throw new MarinaError(
        "corrupt",
        `checkpoint: the ${nameOf(name, worker)}, which is carried, is missing`,
      );
    }),
  );
}

/** The states of all workers after the round, by the arithmetic of the workers themselves: the same bits. */
export function moveServerHeld(
  held: WorkerStateDefinition,
  state: Vectors,
  accepted: readonly AcceptedContribution[],
  request: RequestDefinition,
  encoding: Encoding,
  numbers: WorkerNumbers,
): Vectors {
  const { dimension } = encoding.compressor;
  return Object.fromEntries(
    accepted.flatMap(({ message }) => {
      const decoded = new Float64Array(dimension);
      addMessage(message, encoding, decoded);
      const { worker } = message;
      const next = held.next(stateOf(held, state, worker), { request, decoded, computed: null }, numbers);
      return held.vectors.map((name) => [nameOf(name, worker), next[name]!] as const);
    }),
  );
}
