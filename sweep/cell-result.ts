/** From a run's result to the figures that are kept of a cell. */

import { reachedAccuracy } from "../client/index.ts";
import type { ServiceConfiguration } from "../embedded/index.ts";
import { parseUsage, pricesOf, priceUsd, usdByGroup, usdByService } from "../shared/cost/index.ts";
import type { RunResult, RunSpec } from "../shared/protocol/index.ts";
import { CELL_VERSION, type CellResult } from "./cell.ts";

/** @param startLoss f(x^0), of the run's first round */
export function cellResultOf(
  digest: string,
  spec: RunSpec,
  result: RunResult,
  configuration: ServiceConfiguration,
  wallSeconds: number,
  startLoss: number | null,
): CellResult {
  const aimed =
    spec.stop.relativeGradientNormSquared !== undefined || spec.stop.gradientNormSquared !== undefined;
  const usage = parseUsage(result.usage);
  const { prices } = pricesOf(configuration.region ?? "us-east-1");
  const { items } = priceUsd(usage.method, prices, configuration);
  const services = usdByService(items);
  return {
    version: CELL_VERSION,
    digest,
    status: result.status,
    stoppedBy: result.stoppedBy,
    error: result.error,
    reached: result.status === "done" && (!aimed || reachedAccuracy(result.stoppedBy)),
    rounds: result.rounds,
    loss: result.loss,
    startLoss,
    relativeGradientNormSquared: result.relativeGradientNormSquared,
    ...(result.heldOut === undefined ? {} : { heldOut: result.heldOut }),
    uplinkBitsPerWorker: result.uplinkBitsPerWorker,
    uplinkBytesMeasured: result.uplinkBytesMeasured,
    downlinkBytesMeasured: result.downlinkBytesMeasured,
    seconds: result.seconds,
    usd: result.usd,
    functionsUsd: services.Lambda,
    queuesUsd: services.SQS,
    objectsUsd: services.S3,
    usdByItem: usdByGroup(items),
    evaluationUsd: priceUsd(usage.evaluation, prices, configuration).totalUsd,
    stepSize: result.constants.stepSize,
    probability: result.constants.probability,
    resentTasks: result.resentTasks,
    iterateSha256: result.iterateSha256,
    phases: result.phases,
    wallSeconds,
  };
}
