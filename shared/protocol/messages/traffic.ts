/** Which traffic is the method's, and which only watches it (evaluations, calibration) and is accounted apart. */

import { datasetPrefix } from "../keys.ts";
import { evaluationBytesOfContribution } from "./run-message.ts";
import { isOutsideMethodTask } from "./task.ts";

/** How many bytes of a message's body are outside the method. */
export function outsideBytesOf(body: string): number {
  return isOutsideMethodTask(body) ? body.length : evaluationBytesOfContribution(body);
}

/**
 * Is an object outside the method? What calibration keeps and asks about is: spectra beside a data set, and the vectors
 * of its power iteration, its progress, and what it took. So are exact gradients that are too large for a message, and the
 * point that they are asked at alone.
 */
export function isOutsideObject(key: string): boolean {
  return (
    (key.startsWith(datasetPrefix) && key.includes("/spectra/")) ||
    WATCHING.test(key) ||
    PREPARATION.test(key)
  );
}

/** See `probeKey`, `observedKey` and `observationKey`. */
const WATCHING = /^runs\/[^/]+\/(iterates\/(probe|observed)|contributions\/observed)-/;
/** See `preparationKey`. */
const PREPARATION = /^runs\/[^/]+\/preparation\.json$/;
