/**
 * What the end of a tenure asks of the cloud after its counts are written down. Nobody can count it any more, but it is
 * known beforehand: the last checkpoint holds the counts, so they must foresee its own writing and all that follows.
 */
import { leftoverPrefixes } from "../protocol/index.ts";
import { type Usage, zeroUsage } from "./usage.ts";

/**
 * How a tenure ends: its run is over, or may be resumed (the user stopped it, or it failed), or goes on with the next
 * tenure.
 */
export type Closing = "over" | "stopped" | "failed" | "handed-over";

/**
 * - always: the last checkpoint's PUT; the long polls in flight, which come back empty; the mapping's deletion of the
 *   control message;
 * - a run that has ended: the result's PUT, after a look whether there is one, and a GET of what its calibrations took;
 * - one that is over for good: a LIST of each prefix where something may be left (what is found there is deleted, which
 *   is free), and looking up and deleting the run's queue;
 * - one that was stopped: the deletion of the user's command;
 * - the hand-over: the message to the next tenure.
 *
 * @param pollsUnderWay long polls that have not come back yet
 */
export function closingUsage(closing: Closing, pollsUnderWay: number): Usage {
  const usage = zeroUsage();
  const { objects, standardQueues, fifoQueues, fifoMapping } = usage.method;
  objects.putRequests = 1;
  standardQueues.emptyReceiveRequests = pollsUnderWay;
  fifoMapping.deleteRequests = 1;
  if (closing === "handed-over") {
    fifoQueues.sendRequests = 1;
    fifoQueues.sentMessages = 1;
    return usage;
  }
  objects.putRequests++;
  objects.getRequests = 1;
  // What calibration took is looked up for the result.
  usage.evaluation.objects.getRequests = 1;
  if (closing === "over") {
    objects.listRequests = leftoverPrefixes("").length;
    standardQueues.manageRequests = 2;
  }
  if (closing === "stopped") {
    standardQueues.deleteRequests = 1;
    standardQueues.deletedMessages = 1;
  }
  return usage;
}
