/** Methods: a server's and a worker's side of a round, as pure functions. */
export { compressorDraw, serverDraws, workerDraws } from "./draws.ts";
export { type AlgorithmSpec, everyone, type Method, type Order, type Plan, type Vectors } from "./method.ts";
export { carriesShifts, compressorOf, createMethod, keepsWorkerMemory } from "./registry.ts";
export {
  checkStepSize,
  needsAverageSmoothness,
  needsStartingPoint,
  resolveParameters,
  type StartingPoint,
  shiftStepOf,
} from "./theory.ts";
export { estimate, type Gradient, type Gradients, movedShift, type WorkerMemory } from "./worker.ts";
