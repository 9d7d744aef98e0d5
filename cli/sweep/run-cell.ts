/** Runs one cell on an embedded cloud of its own, in memory. */
import { driveToEnd } from "../../embedded/drive-to-end.ts";
import { createEmbeddedService, type ServiceConfiguration } from "../../embedded/service.ts";
import { needsAverageSmoothness } from "../../shared/algorithms/theory.ts";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { priceUsd } from "../../shared/cost/bill.ts";
import { PRICES_US_EAST_1 } from "../../shared/cost/prices.ts";
import { parseUsage } from "../../shared/cost/usage.ts";
import { datasetPrefix, spectraKey } from "../../shared/protocol/keys.ts";
import type { RunResult } from "../../shared/protocol/result.ts";
import type { RunSpec } from "../../shared/protocol/spec.ts";
import { decodeSpectra } from "../../shared/protocol/spectra.ts";
import { isOutsideObject } from "../../shared/protocol/traffic.ts";
import { createRun } from "../launch.ts";
import { CELL_VERSION, type CellResult } from "./cell.ts";

/** Objects by key: a data set, and what is known of its partitions. */
export type StoredObjects = readonly (readonly [key: string, body: Uint8Array])[];

export interface CellOutcome {
  readonly result: CellResult;
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
  const spectra = isCalibrated(spec, stored) ? [] : await calibrateAside(spec, configuration, stored);
  const known = new Map([...stored, ...spectra]);
  const { result } = await drive(spec, configuration, [...known]);
  const aimed =
    spec.stop.relativeGradientNormSquared !== undefined || spec.stop.gradientNormSquared !== undefined;
  const { items } = priceUsd(parseUsage(result.usage).method, PRICES_US_EAST_1, configuration);
  return {
    spectra,
    result: {
      version: CELL_VERSION,
      digest,
      status: result.status,
      stoppedBy: result.stoppedBy,
      error: result.error,
      reached: result.status === "done" && (!aimed || result.stoppedBy !== "rounds"),
      rounds: result.rounds,
      loss: result.loss,
      relativeGradientNormSquared: result.relativeGradientNormSquared,
      uplinkBitsPerWorker: result.uplinkBitsPerWorker,
      uplinkBytesMeasured: result.uplinkBytesMeasured,
      downlinkBytesMeasured: result.downlinkBytesMeasured,
      seconds: result.seconds,
      usd: result.usd,
      functionsUsd:
        items.workerComputeUsd +
        items.workerInitUsd +
        items.workerInvocationsUsd +
        items.aggregatorComputeUsd +
        items.aggregatorInitUsd +
        items.aggregatorInvocationsUsd,
      queuesUsd: items.standardQueuesUsd + items.fifoQueuesUsd + items.mappingsUsd,
      objectsUsd: items.objectPutsUsd + items.objectGetsUsd,
      stepSize: result.constants.stepSize,
      probability: result.constants.probability,
      resentTasks: result.resentTasks,
      iterateSha256: result.iterateSha256,
      wallSeconds: (performance.now() - started) / 1000,
    },
  };
}

/** Does the store hold all spectra that this spec's step size and probability are computed from? */
function isCalibrated(
  { data, workers, remainder, smoothness, algorithm }: RunSpec,
  stored: StoredObjects,
): boolean {
  const key = spectraKey(data, `${workers}-${remainder}`);
  const body = new Map(stored).get(key);
  if (body === undefined) return false;
  return (
    smoothness !== "exact" ||
    !needsAverageSmoothness(algorithm) ||
    decodeSpectra(body, key).gramEigenvalue !== undefined
  );
}

async function calibrateAside(
  spec: RunSpec,
  configuration: ServiceConfiguration,
  stored: StoredObjects,
): Promise<StoredObjects> {
  const { objects } = await drive({ ...spec, stop: { ...spec.stop, rounds: 1 } }, configuration, stored);
  const spectra: [string, Uint8Array][] = [];
  for (const key of await objects.list(datasetPrefix)) {
    if (isOutsideObject(key)) spectra.push([key, (await objects.get(key)).body]);
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
