/** For tests: one valid value of everything that the protocol sends and stores. */

import type { RunMessage } from "../messages/run-message.ts";
import { isReduction, pointsOf, TASK_KINDS, type Task, type TaskKind } from "../messages/task.ts";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../spec/spec.ts";
import type { Checkpoint } from "../stored/checkpoint.ts";
import type { Delta } from "../stored/delta.ts";
import type { RunResult } from "../stored/result.ts";
import type { RoundRecord } from "../stored/round-record.ts";
import type { StoredRun } from "../stored/run.ts";

export const DIGEST = "0123456789abcdef";

export const exampleSpec: RunSpecInput = {
  name: "example",
  data: "mushrooms",
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 100 },
};

export const completeSpec = (): RunSpec => parseRunSpec(exampleSpec, "example");

export const taskKinds = TASK_KINDS;

const reduction = {
  dimension: 112,
  entryBytes: 4,
  ranges: 3,
  range: 2,
  slots: Uint32Array.of(4, 0, 2),
  checksums: Uint32Array.of(0xffffffff, 0, 7),
} as const;

export function taskOf(kind: TaskKind, change: Partial<Task> = {}): Task {
  const points = [
    { kind: "inline", vector: Float64Array.of(1, -2.5, 1e-300) },
    { kind: "stored", key: "runs/example/iterates/2/0000000006" },
  ] as const;
  return {
    kind,
    run: "example",
    runDigest: DIGEST,
    round: 7,
    phase: 2,
    workers: 6,
    slot: 3,
    worker: 4,
    replyTo: "marina-run-example",
    evaluate: true,
    oldestNeededRound: 5,
    points: points.slice(0, pointsOf(kind)),
    pointRounds: [7, 6].slice(0, pointsOf(kind)),
    ...(isReduction(kind) ? { reduction } : {}),
    ...change,
  };
}

const address = { runDigest: DIGEST, round: 7, phase: 2, slot: 3, worker: 4 };

/** But for its payload, which is the evaluation once more. */
const exactGradient = {
  kind: "contribution",
  ...address,
  bits: 64,
  loss: 0.25,
  evaluation: Float64Array.of(0.1, -0.5),
  reused: false,
  computeMilliseconds: 1.5,
  cold: false,
} as const;

/** One of each kind; contributions with and without each of their optional parts. */
export const incoming: Readonly<Record<string, RunMessage>> = {
  contribution: {
    kind: "contribution",
    ...address,
    payload: Uint8Array.of(1, 2, 3),
    bits: 24,
    loss: 0.25,
    evaluation: Float64Array.of(0.5, -0.5),
    reused: true,
    computeMilliseconds: 1.5,
    cold: true,
  },
  "contribution of an exact gradient, float32": {
    ...exactGradient,
    payload: new Uint8Array(Float32Array.from(exactGradient.evaluation).buffer),
  },
  "contribution of an exact gradient, float64": {
    ...exactGradient,
    payload: new Uint8Array(exactGradient.evaluation.slice().buffer),
    bytesRead: 16,
  },
  "contribution without loss and evaluation": {
    kind: "contribution",
    ...address,
    payload: Uint8Array.of(9),
    bits: 8,
    loss: null,
    evaluation: null,
    reused: false,
    computeMilliseconds: 0,
    cold: false,
  },
  "evaluation only": {
    kind: "contribution",
    ...address,
    payload: new Uint8Array(0),
    bits: 0,
    loss: 0.25,
    evaluation: Float64Array.of(0.5, -0.5),
    reused: false,
    computeMilliseconds: 0,
    cold: false,
  },
  stored: {
    kind: "stored",
    ...address,
    key: "runs/example/contributions/2/0000000007/0000000003",
    outside: false,
  },
  "stored evaluation": {
    kind: "stored",
    ...address,
    key: "runs/example/contributions/observed-2/0000000007/0000000003",
    outside: true,
  },
  "contribution with its evaluation apart": {
    kind: "contribution",
    ...address,
    payload: Uint8Array.of(1, 2),
    bits: 16,
    loss: null,
    evaluation: null,
    evaluationKey: "runs/example/contributions/observed-2/0000000007/0000000003",
    reused: false,
    computeMilliseconds: 3,
    cold: false,
  },
  "contribution with its vectors in ranges": {
    kind: "contribution",
    ...address,
    payload: new Uint8Array(0),
    payloadRanges: Uint32Array.of(1, 0xffffffff, 3),
    bits: 3584,
    loss: 0.5,
    evaluation: null,
    evaluationRanges: Uint32Array.of(4, 5),
    reused: true,
    computeMilliseconds: 3,
    cold: true,
  },
  "contribution with its message in ranges": {
    kind: "contribution",
    ...address,
    payload: new Uint8Array(0),
    payloadRanges: Uint32Array.of(1),
    bits: 3584,
    loss: null,
    evaluation: null,
    reused: false,
    computeMilliseconds: 3,
    cold: false,
  },
  "contribution with its evaluation in ranges": {
    kind: "contribution",
    ...address,
    payload: Uint8Array.of(1, 2),
    bits: 16,
    loss: 0.5,
    evaluation: null,
    evaluationRanges: Uint32Array.of(4, 5),
    reused: false,
    computeMilliseconds: 3,
    cold: false,
  },
  "evaluation only, in ranges": {
    kind: "contribution",
    ...address,
    payload: new Uint8Array(0),
    bits: 0,
    loss: 0.5,
    evaluation: null,
    evaluationRanges: Uint32Array.of(4, 5),
    reused: false,
    computeMilliseconds: 0,
    cold: false,
  },
  reduced: {
    kind: "reduced",
    ...address,
    checksum: 0xfffffffe,
    lost: [],
    outside: false,
    computeMilliseconds: 300,
    cold: true,
  },
  "reduced for the record, with losses": {
    kind: "reduced",
    ...address,
    checksum: 0,
    lost: [0, 4],
    outside: true,
    computeMilliseconds: 300,
    cold: false,
  },
  "retryable error": { kind: "error", ...address, code: "unavailable", message: "later", retryable: true },
  "final error": { kind: "error", ...address, code: "corrupt", message: "Prüfsumme", retryable: false },
  "held-out": {
    kind: "held-out",
    ...address,
    rows: 11,
    loss: 3.5,
    correct: 9,
    computeMilliseconds: 1,
    cold: false,
  },
  "held-out without right predictions": {
    kind: "held-out",
    ...address,
    rows: 11,
    loss: 3.5,
    correct: null,
    computeMilliseconds: 1,
    cold: true,
  },
  "contribution of one that read its points": {
    kind: "contribution",
    ...address,
    payload: Uint8Array.of(9, 8),
    bits: 16,
    loss: null,
    evaluation: null,
    reused: false,
    computeMilliseconds: 0,
    cold: false,
    bytesRead: 8032,
  },
  "need of the state": { kind: "need-state", ...address, bytesRead: 660 },
  answer: { kind: "answer", ...address, payload: Uint8Array.of(7, 7), computeMilliseconds: 2, cold: true },
  pack: {
    kind: "pack",
    ...address,
    parts: [Uint8Array.of(1, 2), Uint8Array.of(3)],
    computeMilliseconds: 3,
    cold: true,
  },
  "pack of one that read its points": {
    kind: "pack",
    ...address,
    parts: [Uint8Array.of(1, 2), Uint8Array.of(3)],
    computeMilliseconds: 3,
    cold: false,
    bytesRead: 0,
  },
  stop: { kind: "stop", runDigest: DIGEST, generation: 2, now: false },
  scale: {
    kind: "scale",
    runDigest: DIGEST,
    generation: 2,
    request: 1_795_000_000_123,
    workers: 50,
    participants: null,
    now: false,
  },
  "scale participants now": {
    kind: "scale",
    runDigest: DIGEST,
    generation: 2,
    request: 1,
    workers: null,
    participants: 3,
    now: true,
  },
  "stop now": { kind: "stop", runDigest: DIGEST, generation: 2, now: true },
};

const made = { runDigest: DIGEST, phase: 2, round: 6, workers: 6, stepSize: 0.1, shiftStep: 0.25 };

/** Of messages, of messages with weights, and of their mean. */
export const deltas: readonly Delta[] = [
  {
    ...made,
    ...{ request: "difference", refresh: false, next: [1, 2, 0xffff_ffff] },
    sum: { kind: "messages", payloads: [Uint8Array.of(1, 2, 3), Uint8Array.of(4)] },
  },
  {
    ...made,
    ...{ request: "shifted-reduced", refresh: true, next: [7] },
    sum: {
      kind: "messages",
      payloads: [Uint8Array.of(1), Uint8Array.of(2)],
      weights: Float64Array.of(0.5, 2),
    },
  },
  {
    ...made,
    ...{ request: "full", refresh: false, next: [1, 2, 3] },
    sum: { kind: "mean", mean: Float64Array.of(1, -0, 1e-300) },
  },
];

export const records: readonly RoundRecord[] = [
  {
    round: 0,
    dense: true,
    slots: 5,
    loss: 0.25,
    gradientNormSquared: 0.08,
    uplinkBitsPerWorker: 0,
    uplinkBytes: 0,
    downlinkBytes: 0,
    seconds: 0,
    usd: 0,
    resent: 0,
    hedged: 0,
    dropped: 0,
  },
  {
    round: 1,
    dense: false,
    slots: 2,
    loss: null,
    gradientNormSquared: null,
    uplinkBitsPerWorker: 3584,
    uplinkBytes: 2750,
    downlinkBytes: 6000,
    seconds: 0.125,
    usd: 1e-6,
    resent: 1,
    hedged: 1,
    dropped: 3,
  },
];

export const checkpoint: Checkpoint = {
  commit: "aggregator-0/1",
  run: "example",
  runDigest: DIGEST,
  tenure: 1,
  generation: 2,
  status: "running",
  stoppedBy: null,
  error: null,
  round: 2,
  referenceRound: 1,
  constants: {
    L: 1.9,
    Lf: 1.6,
    Lmax: 2.1,
    cL: 3.2,
    Lrow: 3.2,
    omega: 10.2,
    zeta: 10,
    stepSize: 0.1,
    probability: 0.09,
    shiftStep: 0.089,
    workers: 5,
    dimension: 3,
    rows: 8120,
  },
  elastic: {
    phases: [
      {
        phase: 0,
        round: 0,
        workers: 5,
        participants: null,
        stepSize: 0.1,
        probability: 0.09,
        cause: "start",
        dense: false,
        seconds: 0,
        usd: 0,
      },
    ],
    pending: { phase: 1, workers: 8, participants: null, cause: "user", denseRound: "wait" },
    lastPhase: 1,
    passed: { workers: 1, participants: 0 },
    lowestRelative: 0.5,
    lastRequest: 12,
  },
  initialGradientNormSquared: 0.08,
  totals: {
    uplinkBitsPerWorker: 3904,
    uplinkBytes: 4000,
    downlinkBytes: 9000,
    evaluationBytes: 100,
    seconds: 0.25,
    pairs: 40,
    reused: 35,
    resent: 1,
    hedged: 1,
    dropped: 3,
  },
  ending: null,
  usage: { anything: [1, 2] },
  state: { iterate: Float64Array.of(1, -0, Number.MIN_VALUE), estimate: Float64Array.of(0, 1, 2) },
  records,
};

export const storedRun = (): StoredRun => ({
  version: 1,
  run: "example",
  spec: completeSpec(),
  data: { sha256: "ab".repeat(32), etag: '"cd"' },
});

export const result = (): RunResult => ({
  version: 1,
  run: "example",
  tenure: 3,
  status: "done",
  stoppedBy: "rounds",
  error: null,
  rounds: 100,
  loss: 0.1,
  gradientNormSquared: 0.01,
  initialGradientNormSquared: 0.08,
  relativeGradientNormSquared: 0.125,
  uplinkBitsPerWorker: 1,
  uplinkBytesMeasured: 2,
  downlinkBytesMeasured: 3,
  evaluationBytesMeasured: 4,
  seconds: 5,
  usd: 6,
  resentTasks: 7,
  pairedGradients: 40,
  reusedGradients: 35,
  hedgedTasks: 2,
  droppedMessages: 1,
  iterateSha256: "ef".repeat(32),
  constants: checkpoint.constants,
  phases: checkpoint.elastic.phases,
  spec: completeSpec(),
});

/** One that names a base in the place of its state. */
export const basedCheckpoint: Checkpoint = {
  ...checkpoint,
  state: {},
  base: {
    round: 3,
    keys: [
      "runs/example/iterates/base-2/0000000003/iterate",
      "runs/example/iterates/base-2/0000000003/shift",
    ],
    sums: [1, 0xffff_ffff],
    deltas: [Uint8Array.of(1, 2), Uint8Array.of(3)],
  },
};
