/** A gradient thread: waits for the bell, and computes the gradients of those of its workers that are queued. */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { evaluatorOf } from "../../shared/problems/index.ts";
import { type Job, type NewSeat, SeatState, seatViews, type ThreadStart, workAt } from "./seat.ts";
import { spinWhile } from "./spin.ts";

interface OpenSeat extends Job {
  readonly points: Float64Array;
}

const { bell, port } = workerData as ThreadStart;
let seats: OpenSeat[] = [];

function open({ memory, points, spec, data, shard, weights }: NewSeat): OpenSeat {
  const { objective } = evaluatorOf(spec, data);
  return { ...seatViews(memory), points: new Float64Array(points), objective: objective(shard, weights) };
}

for (;;) {
  const heard = Atomics.load(bell, 0);
  for (let sent = receiveMessageOnPort(port); sent !== undefined; sent = receiveMessageOnPort(port)) {
    seats.push(open(sent.message as NewSeat));
  }
  let closed = false;
  // From the last one: the main thread's first task is most likely the first worker's.
  for (let i = seats.length - 1; i >= 0; i--) {
    const seat = seats[i]!;
    if (workAt(seat, seat.points) === SeatState.closed) closed = true;
  }
  if (closed) seats = seats.filter(({ state }) => Atomics.load(state, 0) !== SeatState.closed);
  if (spinWhile(bell, heard) === heard) Atomics.wait(bell, 0, heard);
}
