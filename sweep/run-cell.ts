/** Runs one cell on an embedded cloud of its own, in memory. */

import { allRounds, createRun } from "../client/index.ts";
import { createEmbeddedService, driveToEnd, type ServiceConfiguration } from "../embedded/index.ts";
import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import { calibrationNeeds } from "../shared/methods/index.ts";
import {
  decodeSpectra,
  type RunResult,
  type RunSpec,
  spectraKey,
  workersAsked,
} from "../shared/protocol/index.ts";
import type { CellResult } from "./cell.ts";
import { cellResultOf } from "./cell-result.ts";
import { packRounds } from "./cell-rounds.ts";

/** Objects by key: a data set, and what is known of its partitions. */
export type StoredObjects = readonly (readonly [key: string, body: Uint8Array])[];

export interface CellOutcome {
  readonly result: CellResult;
  /** Every round, packed. */
  readonly rounds: Uint8Array;
  /** Spectra that the cell's calibration has found: whoever keeps them spares later cells the search. */
  readonly spectra: StoredObjects;
}

/**
 * A cell that begins anew: its times are those of an undisturbed run, however often the sweep was interrupted. What
 * calibration has to find out is found out on a cloud that is thrown away: whether an earlier cell has done so already
 * must not show in this one's seconds.
 */
export async function runCell(
  digest: string,
  spec: RunSpec,
  configuration: ServiceConfiguration,
  stored: StoredObjects,
): Promise<CellOutcome> {
  const started = performance.now();
  const spectra = await calibrateAside(spec, configuration, stored);
  const known = new Map([...stored, ...spectra]);
  const { result, objects } = await drive(spec, configuration, [...known]);
  const records = await allRounds(objects, result.run, result);
  return {
    spectra,
    rounds: packRounds(records),
    result: cellResultOf(
      digest,
      spec,
      result,
      configuration,
      (performance.now() - started) / 1000,
      records[0]?.loss ?? null,
    ),
  };
}

/** Does the store hold all spectra that this spec's step size and probability are computed from, with n workers? */
function isCalibrated(
  { data, remainder, smoothness, algorithm }: RunSpec,
  workers: number,
  stored: StoredObjects,
): boolean {
  const key = spectraKey(data, `${workers}-${remainder}`);
  const body = new Map(stored).get(key);
  if (body === undefined) return false;
  if (smoothness !== "exact" || !calibrationNeeds(algorithm).includes("average-smoothness")) return true;
  const { gramEigenvalue, gramSteps } = decodeSpectra(body, key);
  return gramEigenvalue !== undefined || gramSteps !== undefined;
}

/** Spectra that are missing of the partitions that the run will need. */
async function calibrateAside(
  spec: RunSpec,
  configuration: ServiceConfiguration,
  stored: StoredObjects,
): Promise<StoredObjects> {
  const spectra: [string, Uint8Array][] = [];
  for (const workers of new Set(workersAsked(spec.workers))) {
    if (isCalibrated(spec, workers, stored)) continue;
    const once: RunSpec = { ...spec, workers, stop: { ...spec.stop, rounds: 1 } };
    const { objects } = await drive(once, configuration, stored);
    const key = spectraKey(spec.data, `${workers}-${spec.remainder}`);
    const found = await readOptional(objects, key, (body) => body);
    // Where there are none calibration has failed: so will the cell's run, whose result says why.
    if (found !== undefined) spectra.push([key, found]);
  }
  return spectra;
}

async function drive(
  spec: RunSpec,
  configuration: ServiceConfiguration,
  stored: StoredObjects,
): Promise<{ readonly result: RunResult; readonly objects: ObjectStore }> {
  let lastWarning: string | undefined;
  const service = createEmbeddedService({
    seed: spec.seed,
    configuration,
    log: {
      info: () => undefined,
      warn: (event, fields) => {
        lastWarning = `${event}: ${String(fields["error"] ?? JSON.stringify(fields))}`;
      },
    },
  });
  const { objects } = service.cloud.client;
  for (const [key, body] of stored) await objects.put(key, body);
  const { control } = await createRun(objects, spec);
  return { result: await driveToEnd(service, control, () => lastWarning), objects };
}
