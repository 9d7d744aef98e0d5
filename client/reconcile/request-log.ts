/** A local cloud's own request log about a run. */

import { MarinaError } from "../../shared/base/index.ts";
import type { DeployedStack } from "../../shared/cloud/aws/index.ts";
import {
  countRequests,
  type ObservedRequests,
  parseRequestLog,
  REQUEST_LOG_PATH,
  type RequestLogEntry,
} from "../../shared/cost/index.ts";
import { contributionsQueueName, datasetPrefix, runPrefix } from "../../shared/protocol/index.ts";
import { nameOf } from "./cloudwatch.ts";

export interface Span {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/**
 * The functions' requests for a run. Its queue and its objects are its own; of what all runs share (the queues of tasks
 * and of control, data sets) those in its span: another run at the same time would be among them.
 * @throws MarinaError "unavailable" when the cloud keeps no log, or began to after the run.
 */
export async function observedRequests(
  endpoint: string,
  stack: DeployedStack,
  run: string,
  span: Span,
): Promise<ObservedRequests> {
  const url = new URL(REQUEST_LOG_PATH, endpoint).href;
  const log = parseRequestLog(await fetchLog(url), url);
  if (log.since > span.from || log.dropped > 0) {
    throw new MarinaError(
      "unavailable",
      `${url}: the log does not reach back to the beginning of run ${run} (${new Date(span.from).toISOString()}): it began ${new Date(log.since).toISOString()}${log.dropped > 0 ? ` and has dropped ${log.dropped} entries since` : ""}`,
    );
  }
  return countRequests(log.entries.filter((entry) => isOf(entry, stack, run, span)));
}

function isOf(
  { caller, resource, at }: RequestLogEntry,
  { queuePrefix, taskQueue, controlQueue }: DeployedStack,
  run: string,
  { from, to }: Span,
): boolean {
  if (caller !== "function") return false;
  if (resource === contributionsQueueName(queuePrefix, run) || resource.startsWith(runPrefix(run)))
    return true;
  if (at < from || at > to) return false;
  return (
    resource === nameOf(taskQueue) || resource === nameOf(controlQueue) || resource.startsWith(datasetPrefix)
  );
}

async function fetchLog(url: string): Promise<string> {
  let found: Response;
  try {
    found = await fetch(url);
  } catch (error) {
    throw new MarinaError("unavailable", `${url}: no answer; is the local cloud running?`, { cause: error });
  }
  if (found.ok && found.headers.get("content-type")?.startsWith("application/json") === true)
    return found.text();
  await found.body?.cancel();
  throw new MarinaError(
    "unavailable",
    `${url}: expected a request log, got status ${found.status}: this cloud keeps none; npm run ministack and npm run localstack (without Docker) start one that does`,
  );
}
