/** Methods: a server's and a worker's side of a round, as pure functions. */
export { answerOf, exactAt, isPair, startingState } from "./answer.ts";
export { compressorDraw, serverDraws, workerDraws } from "./draws.ts";
export {
  asIterate,
  bytesOf,
  type IteratePrecision,
  type IterateSpec,
  precisionOf,
  roundingPasses,
  type StateLayout,
  stateEntryBytes,
} from "./iterates.ts";
export { MessageSum } from "./message-sum.ts";
export {
  everyone,
  type Gradient,
  type GradientNeed,
  type Method,
  type MethodDefinition,
  type Plan,
  type PointName,
  type RequestDefinition,
  type Vectors,
  type WorkerStateDefinition,
} from "./method.ts";
export {
  type ParticipantsSpec,
  participantsAsked,
  startingParticipants,
} from "./participants.ts";
export { type Probe, startProbe, withGradients } from "./probe.ts";
export {
  type AlgorithmKind,
  type AlgorithmSpec,
  aggregationOf,
  algorithmSchema,
  batchesOf,
  calibrationNeeds,
  compressorOf,
  createMethod,
  guaranteedRounds,
  KINDS_WITH_PARTICIPANTS,
  keepsPrevious,
  METHODS,
  methodLabel,
  methodOf,
  REQUESTS,
  type RequestName,
  requestOf,
  resolveNumbers,
  reusesGradients,
  STATEFUL_REQUESTS,
  type StateHolder,
  samplesByImportance,
  stateHolder,
  stepFrom,
  stepSource,
} from "./registry.ts";
export {
  type MadeStep,
  replay,
  type ServerSpec,
  type StepSum,
  serverStateNames,
  startingServerState,
  stateLayout,
} from "./replay.ts";
export { count, type ScheduleTrigger, scheduleOf } from "./schedule.ts";
export {
  type CalibrationNeed,
  isGivenMu,
  type StartingPoint,
  type StepSource,
  type WorkerNumbers,
  workerNumbers,
} from "./theory.ts";
