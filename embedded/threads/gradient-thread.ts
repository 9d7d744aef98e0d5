/** A gradient thread: waits for the bell, and computes the gradients of those of its workers that are queued. */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { createObjective } from "../../shared/problems/objective.ts";
import type { Objective } from "../../shared/problems/problem.ts";
import { type NewSeat, SeatState, seatViews, type ThreadStart } from "./seat.ts";

interface OpenSeat {
  readonly state: Int32Array;
  readonly result: Float64Array;
  readonly points: Float64Array;
  readonly objective: Objective;
}

const { bell, port } = workerData as ThreadStart;
let seats: OpenSeat[] = [];

function open({ memory, points, problem, shard, weights }: NewSeat): OpenSeat {
  const objective = createObjective(problem, shard, weights);
  return { ...seatViews(memory), points: new Float64Array(points), objective };
}

function work({ state, result, points, objective }: OpenSeat): void {
  const { dimension } = objective;
  const at = dimension * Atomics.load(state, 1);
  let outcome: number = SeatState.failed;
  try {
    result[dimension] = objective.gradient(
      points.subarray(at, at + dimension),
      result.subarray(0, dimension),
    );
    outcome = SeatState.done;
  } finally {
    Atomics.store(state, 0, outcome);
    Atomics.notify(state, 0);
  }
}

for (;;) {
  const heard = Atomics.load(bell, 0);
  for (let sent = receiveMessageOnPort(port); sent !== undefined; sent = receiveMessageOnPort(port)) {
    seats.push(open(sent.message as NewSeat));
  }
  let closed = false;
  for (const seat of seats) {
    const before = Atomics.compareExchange(seat.state, 0, SeatState.queued, SeatState.running);
    if (before === SeatState.queued) work(seat);
    else if (before === SeatState.closed) closed = true;
  }
  if (closed) seats = seats.filter(({ state }) => Atomics.load(state, 0) !== SeatState.closed);
  Atomics.wait(bell, 0, heard);
}
