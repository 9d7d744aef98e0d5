/** Made-up runs, as they would be collected: for tests of what is shown, not of how it came to be. */

import type { CollectedRun } from "../../client/collect.ts";
import { digestOf } from "../../client/rounds/digest.ts";
import type { KeptRound } from "../../client/rounds/kept-round.ts";
import { zeroUsage } from "../../shared/cost/usage.ts";
import type { Manifest } from "../../shared/data/manifest.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import type { Constants } from "../../shared/protocol/stored/checkpoint.ts";

export interface MadeUp {
  readonly run: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly spec?: Partial<RunSpecInput>;
  readonly error?: string;
  readonly dataFile?: string;
  /** Factor of |grad f|^2 from one round to the next. */
  readonly rate?: number;
}

const constants: Constants = {
  L: 1,
  Lmax: 1,
  cL: 1,
  Lrow: 1,
  omega: 9,
  zeta: 10,
  stepSize: 0.1,
  probability: 0.1,
  shiftStep: 0.1,
  workers: 5,
  dimension: 100,
  rows: 1000,
};

/** |grad f|^2 falls by `rate` a round and wobbles a little; a round takes 0.1 s, every tenth 0.5 s with a hedge. */
export function recordsOf({
  rounds = 40,
  seed = 1,
  rate = 0.9,
}: Pick<MadeUp, "rounds" | "seed" | "rate">): KeptRound[] {
  const records: KeptRound[] = [];
  let seconds = 0;
  for (let round = 0; round <= rounds; round++) {
    const wobble = 1 + 0.3 * Math.sin(round * 1.7 + seed);
    const slow = round % 10 === 9;
    records.push({
      round,
      dense: round % 10 === 0,
      slots: 5,
      loss: 0.1 + 0.2 * rate ** round,
      gradientNormSquared: rate ** round * wobble,
      uplinkBitsPerWorker: round === 0 ? 0 : 3200 + 320 * round,
      uplinkBytes: 100 * round,
      downlinkBytes: 200 * round,
      seconds,
      usd: 1e-5 * (round + seed / 10),
      resent: slow ? 1 : 0,
      hedged: slow ? 1 : 0,
      dropped: 0,
      // Of MARINA: each round asks every worker for one new gradient over all its rows.
      epochs: round,
    });
    seconds += slow ? 0.5 : 0.1;
  }
  return records;
}

export function manifestOf(fileName: string, changes: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    name: "rows",
    source: { fileName, bytes: 1000, sha256: "1".repeat(64) },
    rows: 500,
    featureCount: 100,
    nonZeros: 5000,
    labels: { kind: "binary", negative: -1, positive: 1, negatives: 250, positives: 250 },
    groups: [],
    object: { key: "datasets/rows/rows-1", bytes: 1, etag: '"0"', sha256: "0".repeat(64) },
    ...changes,
  };
}

/** With the records that its digest is made of. */
export function madeUpRun(options: MadeUp): CollectedRun & { readonly records: readonly KeptRound[] } {
  const { run, seed = 1, error, dataFile = "rows.svm" } = options;
  const records = recordsOf(options);
  const last = records.at(-1)!;
  const spec = parseRunSpec(
    {
      name: run,
      data: "rows",
      workers: 5,
      problem: { kind: "logistic" },
      algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
      stop: { rounds: 100_000, relativeGradientNormSquared: 1e-2 },
      seed,
      ...options.spec,
    },
    run,
  );
  const usage = zeroUsage();
  usage.method.worker.invocations = 5 * last.round;
  usage.method.worker.billedMilliseconds = 50 * last.round;
  usage.method.objects.putRequests = last.round;
  return {
    stored: { version: 1, run, spec, data: { sha256: "0".repeat(64), etag: '"0"' } },
    progress: undefined,
    records,
    rounds: digestOf(records, { spec, rows: constants.rows, probability: constants.probability }),
    manifest: manifestOf(dataFile),
    result: {
      version: 1,
      run,
      phases: [],
      pairedGradients: 0,
      reusedGradients: 0,
      tenure: 0,
      status: error === undefined ? "done" : "failed",
      stoppedBy: error === undefined ? "relativeGradientNormSquared" : "error",
      error: error ?? null,
      rounds: last.round,
      loss: last.loss,
      gradientNormSquared: last.gradientNormSquared,
      initialGradientNormSquared: records[0]!.gradientNormSquared,
      relativeGradientNormSquared: last.gradientNormSquared! / records[0]!.gradientNormSquared!,
      uplinkBitsPerWorker: last.uplinkBitsPerWorker,
      uplinkBytesMeasured: last.uplinkBytes,
      downlinkBytesMeasured: last.downlinkBytes,
      evaluationBytesMeasured: 0,
      seconds: last.seconds,
      usd: last.usd,
      usage,
      resentTasks: 4,
      hedgedTasks: 4,
      droppedMessages: 0,
      iterateSha256: "1".repeat(64),
      constants,
      spec,
    },
  };
}
