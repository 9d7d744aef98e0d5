/** What travels and what is stored: specs, messages, stored objects, keys, limits. */
export {
  LEAST_ACCOUNT_CONCURRENCY,
  MAPPING_CONCURRENCY,
  mostWorkers,
  planConcurrency,
} from "./concurrency.ts";
export { canonicalJson, sha256, vectorCrc, vectorSha256 } from "./digest.ts";
export { bodyCharacters } from "./frames/frame.ts";
export {
  checkpointKey,
  comparedKey,
  contributionKey,
  contributionsQueueName,
  datasetPrefix,
  deltaKey,
  gradientKey,
  isTransientKey,
  iterateKey,
  labelsKey,
  leftoverPrefixes,
  manifestKey,
  measurementKey,
  memoryKey,
  memoryPrefix,
  modelKey,
  modelsPrefix,
  observationKey,
  observedKey,
  observedSumKey,
  powerProgressKey,
  preparationKey,
  probeKey,
  resultKey,
  roundOfMemoryKey,
  roundsKey,
  roundsPrefix,
  runPrefix,
  runQueuePrefix,
  runsPrefix,
  serverStateKey,
  specKey,
  spectraKey,
  startKey,
  stateBaseKey,
  sumKey,
  TRANSIENT_TAG,
} from "./keys.ts";
export {
  AGGREGATOR_TIMEOUT_SECONDS,
  BATCH_LIMIT,
  BILLED_UNIT_BYTES,
  CALIBRATION_STEPS_PER_STORE,
  CARRIED_SHIFTS_BYTES,
  CONTRIBUTION_RETENTION_SECONDS,
  CONTRIBUTION_VISIBILITY_SECONDS,
  CONTRIBUTION_WAIT_SECONDS,
  CONTROL_VISIBILITY_SECONDS,
  DIVERGENCE_FACTOR,
  FUNCTION_MEMORY_LIMIT_MB,
  HANDOVER_MARGIN_SECONDS,
  HEARTBEAT_SECONDS,
  HEDGE_AFTER_SHARE,
  HEDGE_DELAY_MILLISECONDS,
  HEDGE_DELAY_SHARE,
  HEDGE_PROMPT_MILLISECONDS,
  HEDGE_SHARE_LIMIT,
  IN_FLIGHT_LIMIT,
  INLINE_ROUND_BYTES,
  INLINE_TASK_BYTES,
  LEASE_SECONDS,
  LONG_POLL_LIMIT_SECONDS,
  MAX_RECEIVE_COUNT,
  MAX_SENDS,
  MESSAGE_LIMIT_BYTES,
  NEAR_DEAD_LETTER_RECEIVE_COUNT,
  NETWORK_BYTES_PER_SECOND,
  NETWORK_FLOP_PER_SECOND,
  PARALLEL_POLLS,
  QUEUE_PATIENCE_SECONDS,
  RESEND_AFTER_SECONDS,
  STORE_GETS_PER_SECOND,
  TASK_SECONDS_LIMIT,
  TASK_VISIBILITY_SECONDS,
  WHOLE_DENSE_OBJECT_BYTES,
  WHOLE_OBJECT_BYTES,
  WORKER_TIMEOUT_SECONDS,
} from "./limits.ts";
export { bytesOfRange, checksumsOf, type Ranges, type Reduction, rangeStart } from "./messages/ranges.ts";
export {
  decodeRunMessage,
  encodeRunMessage,
  evaluationBytesOfContribution,
  evaluationBytesOfFrame,
  frameRunMessage,
  isCommandBody,
  parseRunMessage,
  type RunMessage,
  type ScaleRequest,
  type Timing,
  timingOfBody,
  timingOfFrame,
  writeRunMessage,
} from "./messages/run-message.ts";
export {
  asksForFullGradient,
  type Downlink,
  decodeTask,
  encodeTasks,
  type GradientReuse,
  isOutsideMethod,
  isPreparationTask,
  isProbe,
  isReduction,
  isStateful,
  membersOf,
  type Point,
  type ProbeName,
  packTasks,
  plainTask,
  type Task,
  type TaskKind,
  taskNeedsOf,
} from "./messages/task.ts";
export { isOutsideObject, outsideBytesOf } from "./messages/traffic.ts";
export { METRICS_NAMESPACE, RoundMetric } from "./round-metric.ts";
export { whyMembershipIsFixed } from "./spec/fixed-membership.ts";
export { isGiven, WHICH_ITERATE, type WhichIterate } from "./spec/given-start.ts";
export { accuracyOf, dataSetsOf, type HeldOut, type HeldOutMetric } from "./spec/held-out.ts";
export { algorithmOf, type Membership, startingMembership, whyNotScaled } from "./spec/membership.ts";
export { NAME_PATTERN } from "./spec/names.ts";
export {
  isTarget,
  type WorkersTarget,
  workersAsked,
  workersText,
} from "./spec/schedule.ts";
export {
  parseRunSpec,
  type RunSpec,
  type RunSpecInput,
  runSpecJsonSchema,
} from "./spec/spec.ts";
export { startingPoint } from "./spec/start.ts";
export {
  decodePowerProgress,
  decodePreparation,
  encodePowerProgress,
  encodePreparation,
  NO_PREPARATION,
  type PowerProgress,
  type Preparation,
} from "./stored/calibration.ts";
export {
  type Checkpoint,
  type CheckpointBase,
  type Constants,
  decodeCheckpoint,
  type Elastic,
  type EpochCause,
  encodeCheckpoint,
  isCalibrated,
  type MembershipEpoch,
  type PendingChange,
  type RunStatus,
  type StoppedBy,
  type Totals,
} from "./stored/checkpoint.ts";
export { type Delta, decodeDelta, encodeDelta } from "./stored/delta.ts";
export {
  decodeGradient,
  encodeGradient,
  type GradientIdentity,
  storedGradientBytes,
} from "./stored/gradient.ts";
export {
  decodeLabels,
  encodeLabels,
  MOST_TAGS,
  NO_LABELS,
  NOTE_PATTERN,
  type RunLabels,
  TAG_KEY_PATTERN,
  TAG_VALUE_PATTERN,
} from "./stored/labels.ts";
export {
  type ContractCheck,
  decodeComputeProbe,
  decodeMeasurement,
  decodeObjectsProbe,
  encodeMeasurement,
  encodeProbe,
  type Measurement,
  type MeasurementPlan,
  measurementPlanSchema,
  PROBE_OBJECTS,
  PROBE_SLOW_MILLISECONDS,
  type ProbeAnswer,
  type ProbedCompute,
  type ProbedObject,
  type Probes,
} from "./stored/measurement.ts";
export { decodeResult, encodeResult, type RunResult } from "./stored/result.ts";
export { decodeRounds, encodeRounds, ROUNDS_PER_BLOCK, type RoundRecord } from "./stored/round-record.ts";
export {
  type ControlMessage,
  decodeControl,
  decodeStoredRun,
  encodeControl,
  encodeStoredRun,
  type MeasureMessage,
  runDigest,
  type StoredRun,
} from "./stored/run.ts";
export {
  decodeSpectra,
  decodeSpectrum,
  encodeSpectra,
  encodeSpectrum,
  type Spectra,
} from "./stored/spectra.ts";
export { decodeVector, encodeVector } from "./stored/vector-object.ts";
export { decodeWorkerState, encodeWorkerState } from "./stored/worker-state.ts";
