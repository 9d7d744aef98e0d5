/** A run to be disturbed: its spec, its data, and what it does when nothing goes wrong. */

import { checkHeldOutData, settleStart } from "../client/index.ts";
import { createEmbeddedService, driveToEnd, type ServiceAlteration } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { parseManifest, problemForm } from "../shared/data/index.ts";
import { openProblem, storedProgram } from "../shared/problems/index.ts";
import {
  type Checkpoint,
  checkpointKey,
  dataSetsOf,
  decodeCheckpoint,
  decodeDelta,
  encodeStoredRun,
  encodeVector,
  type MembershipEpoch,
  manifestKey,
  modelKey,
  type RoundRecord,
  type RunSpec,
  specKey,
  startKey,
  vectorCrc,
  vectorSha256,
} from "../shared/protocol/index.ts";
import { answerersOf } from "./exactly-once.ts";

/** The name of the run in every trial. */
export const RUN = "chaos";
const START = { version: 1, run: RUN, action: "start", tenure: 0 } as const;

/** What a checkpoint says of the trajectory, time and money left out. */
export interface Fingerprint {
  /** By the checksums of its vectors, in their order. */
  readonly bySums: string;
  /** By the vectors; null where the checkpoint names what leads to them. */
  readonly byVectors: string | null;
}

export function fingerprint(checkpoint: Omit<Checkpoint, "commit">): Fingerprint {
  const { state, base, totals, initialGradientNormSquared, referenceRound } = checkpoint;
  const { uplinkBitsPerWorker } = totals;
  const of = (vectors: unknown): string =>
    JSON.stringify([vectors, uplinkBitsPerWorker, initialGradientNormSquared, referenceRound]);
  const names = Object.keys(state).sort();
  const byVectors = base === undefined ? of(names.map((name) => [name, vectorSha256(state[name]!)])) : null;
  return { bySums: of(sumsOf(checkpoint)), byVectors };
}

/** Are they of the same state? By the vectors, where both have them. */
export function isSameState(one: Fingerprint, other: Fingerprint | undefined): boolean {
  if (other === undefined || one.bySums !== other.bySums) return false;
  return one.byVectors === null || other.byVectors === null || one.byVectors === other.byVectors;
}

function sumsOf({ state, base, constants }: Omit<Checkpoint, "commit">): readonly number[] {
  if (base === undefined) return Object.values(state).map(vectorCrc);
  const last = base.deltas.at(-1);
  return last === undefined ? base.sums : decodeDelta(last, constants.dimension, "checkpoint").next;
}

/** What a record says of the trajectory, time and money left out. */
export function recordFingerprint({
  dense,
  slots,
  loss,
  gradientNormSquared,
  uplinkBitsPerWorker,
  measuredLpm,
}: RoundRecord): string {
  return JSON.stringify([dense, slots, loss, gradientNormSquared, uplinkBitsPerWorker, measuredLpm]);
}

/** What a phase says of the trajectory; its number, its time and its price are left out. */
export function epochFingerprint(phase: MembershipEpoch): string {
  const { round, workers, participants, stepSize, probability, dense } = phase;
  return JSON.stringify([round, workers, participants, stepSize, probability, dense]);
}

export interface Stage {
  readonly name: string;
  readonly spec: RunSpec;
  /** Every object that a trial begins with. */
  readonly objects: readonly (readonly [key: string, body: Uint8Array])[];
  /** Round -> fingerprint of the checkpoint at its beginning, without faults. */
  readonly checkpoints: ReadonlyMap<number, Fingerprint>;
  /** Round -> fingerprint of its record, without faults. */
  readonly records: ReadonlyMap<number, string>;
  /** Who takes part from which round on, without faults. */
  readonly phases: readonly MembershipEpoch[];
  /** Round -> who answers in it, without faults. */
  readonly answerers: ReadonlyMap<number, string>;
  readonly iterateSha256: string;
  readonly usd: number;
}

/**
 * Runs the spec once without faults.
 * @param source holds the data set (and perhaps spectra, which spare every trial its calibration).
 * @param alter makes a bug that is put into the service, as in the trials.
 * @throws MarinaError "spec" when the run does not end as done.
 */
export async function prepareStage(
  source: ObjectStore,
  given: RunSpec,
  name: string,
  alter?: () => ServiceAlteration,
): Promise<Stage> {
  const key = manifestKey(given.data);
  const manifest = parseManifest((await source.get(key)).body, key);
  const data = { sha256: manifest.object.sha256, etag: manifest.object.etag };
  const heldOut = await checkHeldOutData(source, given, manifest);
  const problem = openProblem(given.problem, await problemForm(source, given.problem, manifest));
  const { spec, start } = await settleStart(source, given, problem, manifest);
  const objects: [string, Uint8Array][] = [
    [
      specKey(RUN),
      encodeStoredRun({ version: 1, run: RUN, spec, data, ...(heldOut === undefined ? {} : { heldOut }) }),
    ],
  ];
  const program = storedProgram(given.problem);
  if (program !== undefined) objects.push([modelKey(program), (await source.get(modelKey(program))).body]);
  if (start !== undefined) objects.push([startKey(RUN, vectorSha256(start)), encodeVector(start)]);
  for (const name of dataSetsOf(spec)) {
    const of = manifestKey(name);
    const folder = of.slice(0, of.lastIndexOf("/") + 1);
    for (const each of await source.list(folder)) objects.push([each, (await source.get(each)).body]);
  }

  const checkpoints = new Map<number, Fingerprint>();
  const records = new Map<number, string>();
  const answerers = new Map<number, string>();
  let asked = "";
  const service = createEmbeddedService({
    seed: 1,
    ...(alter === undefined ? {} : { alteration: alter() }),
    observer: {
      answers: () => ({
        expected: (expected) => {
          // Reducers are asked in between, and are none of the workers.
          if (expected.kind !== "reduced") asked = answerersOf(expected);
        },
        counted: () => undefined,
      }),
      round(_run, record) {
        records.set(record.round, recordFingerprint(record));
        answerers.set(record.round, asked);
      },
    },
    watcher: {
      stored(stored, body) {
        if (stored !== checkpointKey(RUN)) return;
        const checkpoint = decodeCheckpoint(body, stored);
        checkpoints.set(checkpoint.round, fingerprint(checkpoint));
      },
      destroyed: () => undefined,
    },
  });
  const { objects: store } = service.cloud.client;
  // Every round's state is wanted, however rarely the trials store it. What is stored how often changes no bits.
  const everyRound = encodeStoredRun({ version: 1, run: RUN, spec: { ...spec, checkpointEvery: 1 }, data });
  for (const [each, body] of objects) await store.put(each, body);
  await store.put(specKey(RUN), everyRound);
  const result = await driveToEnd(service, START);
  if (result.status !== "done") {
    throw new MarinaError(
      "spec",
      `${name}: expected a spec whose run ends as done, it ${result.status}: ${result.error ?? ""}`,
    );
  }
  const { iterateSha256, usd } = result;
  const { phases } = result;
  return { name, spec, objects, checkpoints, records, phases, answerers, iterateSha256, usd };
}
