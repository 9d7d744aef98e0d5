/**
 * The bill against an independent observer: every request of the deployed functions passes a recorder that knows nothing
 * of the meter. What the meter counted (from inside the aggregator, its workers' requests by what they tell) must be what
 * was seen, kind by kind.
 */
import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { LOG_BYTES_PER_ROUND } from "../../cli/actions/cost.ts";
import { countRequests } from "../../shared/cost/observed-requests.ts";
import {
  type ObservedInvocations,
  type ReconciledLine,
  reconcileRequests,
} from "../../shared/cost/reconcile.ts";
import { parseRequestLog, REQUEST_LOG_PATH, type RequestLogEntry } from "../../shared/cost/request-log.ts";
import { allUsage, parseUsage } from "../../shared/cost/usage.ts";
import { datasetPrefix, runPrefix } from "../../shared/protocol/keys.ts";
import type { RunResult } from "../../shared/protocol/stored/result.ts";
import { childEnvironment } from "../local/environment.ts";
import { projectRoot } from "../local/paths.ts";
import { logLines } from "./testing/functions.ts";
import { embeddedResult } from "./testing/reference.ts";
import { eventually, importMushrooms, Service } from "./testing/service.ts";
import { DIANA, MARINA, PP_MARINA, RUN_SECONDS, spec, WORKERS } from "./testing/specs.ts";

const ROUNDS = 100;
const METHODS = { marina: MARINA, "pp-marina": PP_MARINA, diana: DIANA };

/** The polls of the end wait so long, and log lines come when a busy emulator finds the time. */
const AFTERMATH_SECONDS = 60;

/**
 * Where the observer and the meter need not agree:
 * - the mappings' own requests are made inside the emulator and do not pass the recorder;
 * - deletions of objects are free: the meter takes every DIANA task to delete one, the first few have nothing to delete,
 *   and the sweep at the end is not counted.
 */
const EXPLAINED = /mapping|^S3: delete/;
/** CloudWatch Logs bills so much for each line beside its text. */
const LINE_OVERHEAD_BYTES = 26;
/** A task that was sent again in the last round may be answered when the counts are written down already. */
const LATE = /^standard queues: (send|receive|empty receive|delete|change visibility)$/;

function unexplained(lines: readonly ReconciledLine[], resentTasks: number): string[] {
  const late = Math.min(resentTasks, WORKERS);
  return lines
    .filter(({ item, metered, observed }) => {
      if (EXPLAINED.test(item)) return false;
      return observed === null || Math.abs(observed - metered) > (LATE.test(item) ? late : 0);
    })
    .map(({ item, metered, observed }) => `${item}: metered ${metered}, observed ${observed}`);
}

const cloud = inject("cloud");
const service = new Service(cloud);
const functionNames = {
  worker: service.output("WorkerFunctionName"),
  aggregator: service.output("AggregatorFunctionName"),
};

interface Difference {
  readonly difference: number | null;
}

/**
 * The counts that the spec alone decides, tasks sent again left out. Others depend on time: how many messages a receive
 * finds (and with them the deletions), how many polls wait in vain, how often the lease is renewed, how many environments
 * there are and so how many of them read the run, the manifest and the rows.
 */
function timeless({ usage, resentTasks, spec }: RunResult): Readonly<Record<string, number>> {
  const { worker, aggregator, standardQueues, fifoQueues, fifoMapping, objects } = allUsage(
    parseUsage(usage),
  );
  // A DIANA worker stores what it remembers each time it does a task.
  const storing = spec?.algorithm.kind === "diana" ? resentTasks : 0;
  return {
    "worker: invocations": worker.invocations - resentTasks,
    "aggregator: invocations": aggregator.invocations,
    "standard queues: messages sent": standardQueues.sentMessages - 2 * resentTasks,
    "standard queues: create, look up, destroy": standardQueues.manageRequests,
    "FIFO queues: send": fifoQueues.sendRequests,
    "aggregator's mapping: receive": fifoMapping.receiveRequests,
    "S3: put": objects.putRequests - storing,
    "S3: list": objects.listRequests,
  };
}

async function invocationsSoFar(role: keyof typeof functionNames): Promise<number> {
  return (await logLines(functionNames[role], "REPORT RequestId")).length;
}

/** What a function itself has written so far: JSON; the platform's lines are text. */
async function ownLines(role: keyof typeof functionNames): Promise<string[]> {
  return (await logLines(functionNames[role], "{"))
    .map((line) => line.trim())
    .filter((line) => line.startsWith("{"));
}

/** Everything that the functions asked since. */
async function requestsSince(since: number): Promise<RequestLogEntry[]> {
  const url = `${cloud.env["AWS_ENDPOINT_URL"]}${REQUEST_LOG_PATH}?from=${since}`;
  const log = parseRequestLog(await (await fetch(url)).text(), url);
  expect(log.dropped).toBe(0);
  return log.entries.filter(({ caller }) => caller === "function");
}

/** Longer than any request of the functions takes; long polls are the longest. */
const QUIET_MILLISECONDS = 6000;

/**
 * Waits until the functions have nothing under way any more. Late tasks of another test's run read data as those of ours
 * do, and are invocations that nothing tells from ours.
 */
async function whenQuiet(): Promise<void> {
  const quietSince = Date.now() + QUIET_MILLISECONDS;
  await eventually(
    async () =>
      Date.now() >= quietSince && (await requestsSince(Date.now() - QUIET_MILLISECONDS)).length === 0
        ? true
        : undefined,
    RUN_SECONDS,
  );
}

/** What the functions asked since, for this run or for what all runs share. */
async function requestsOf(run: string, since: number): Promise<RequestLogEntry[]> {
  const entries = await requestsSince(since);
  const shared = [service.output("TaskQueueUrl"), service.output("ControlQueueUrl")].map((queue) =>
    queue.slice(queue.lastIndexOf("/") + 1),
  );
  const queue = service.contributionsQueue(run);
  return entries.filter(({ resource }) => {
    const own = resource === queue || resource.startsWith(runPrefix(run));
    return own || shared.includes(resource) || resource.startsWith(datasetPrefix);
  });
}

/** Which invocations of the functions there were before a run. */
async function invocationsBefore(): Promise<() => Promise<ObservedInvocations>> {
  const [worker, aggregator] = [await invocationsSoFar("worker"), await invocationsSoFar("aggregator")];
  return async () => ({
    worker: (await invocationsSoFar("worker")) - worker,
    aggregator: (await invocationsSoFar("aggregator")) - aggregator,
  });
}

/**
 * The run's counts beside what was seen of it, once they agree or the time for it is over: the polls that were under way at
 * the end, and the functions' last log lines, come a little later.
 */
async function settledLines(
  { run, usage, resentTasks }: RunResult,
  since: number,
  invocations: () => Promise<ObservedInvocations>,
): Promise<ReconciledLine[]> {
  const counted = parseUsage(usage);
  const lines = async (): Promise<ReconciledLine[]> =>
    reconcileRequests(counted, countRequests(await requestsOf(run, since)), await invocations());
  await eventually(
    async () => (unexplained(await lines(), resentTasks).length === 0 ? true : undefined),
    AFTERMATH_SECONDS,
  );
  return lines();
}

// Between the runs of this file nothing is under way: each is looked at until all of it was seen (settledLines).
beforeAll(async () => {
  if (cloud.observed) await whenQuiet();
}, 1000 * RUN_SECONDS);

describe.runIf(cloud.observed).each(Object.entries(METHODS))(
  "the bill of %s with 5 workers, Rand-10 and 100 rounds",
  (name, algorithm) => {
    test("has the requests that were seen, kind by kind", async () => {
      // A data set of its own: what a calibration finds is kept beside it, and a second run would be spared that.
      const data = `bill-${name}`;
      await importMushrooms(service.ports.objects, data);
      const run = { ...spec(`bill-${name}`, algorithm, ROUNDS), data };
      const since = Date.now();
      const invocations = await invocationsBefore();
      const linesBefore = {
        worker: (await ownLines("worker")).length,
        aggregator: (await ownLines("aggregator")).length,
      };
      const result = await service.ended(await service.launch(run), RUN_SECONDS);
      expect(result).toMatchObject({ status: "done", rounds: ROUNDS });
      const usage = parseUsage(result.usage);

      const lines = await settledLines(result, since, invocations);
      console.table(lines.map(({ item, metered, observed }) => ({ item, metered, observed })));
      expect(unexplained(lines, result.resentTasks)).toEqual([]);
      // Enough of each: an empty log would agree with an empty bill.
      const seen = new Map(lines.map(({ item, observed }) => [item, observed]));
      for (const item of [
        "worker: invocations",
        "standard queues: send",
        "standard queues: receive",
        "S3: put",
      ])
        expect(seen.get(item), item).toBeGreaterThan(ROUNDS);
      // A mapping receives and deletes each control message once, and each task that was sent.
      const { worker, standardMapping, fifoMapping } = usage.method;
      const invoked = worker.invocations + usage.evaluation.worker.invocations;
      expect(standardMapping.receiveRequests + usage.evaluation.standardMapping.receiveRequests).toBe(
        invoked,
      );
      expect(fifoMapping).toEqual({ receiveRequests: 1, emptyReceiveRequests: 0, deleteRequests: 1 });

      // The functions' own lines: the aggregator's metrics, and nothing of the workers.
      const logged = (await ownLines("aggregator")).slice(linesBefore.aggregator);
      const bytes = logged.reduce((sum, line) => sum + Buffer.byteLength(line) + LINE_OVERHEAD_BYTES, 0);
      console.log(`${name}: ${(bytes / ROUNDS).toFixed(1)} bytes of log a round`);
      expect(bytes / ROUNDS).toBeGreaterThan(0.8 * LOG_BYTES_PER_ROUND);
      expect(bytes / ROUNDS).toBeLessThan(1.25 * LOG_BYTES_PER_ROUND);
      expect((await ownLines("worker")).slice(linesBefore.worker)).toEqual([]);

      // What the embedded cloud predicts of the same spec: all that does not depend on time is the same.
      const predicted = await embeddedResult(run, "aws");
      const [here, there] = [timeless(result), timeless(predicted)];
      console.table({ [cloud.kind]: here, embedded: there });
      expect(here).toEqual(there);
    });

    test("is told by marina cost --reconcile, without a difference that is not explained", async () => {
      const environment = childEnvironment(cloud.env);
      const args = ["cli/main.ts", "cost", `bill-${name}`, "--on", "localstack", "--reconcile", "--json"];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        cwd: projectRoot,
        env: environment,
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, ""]);
      const { lines, ended } = JSON.parse(stdout) as {
        lines: (ReconciledLine & Difference)[];
        ended: boolean;
      };
      expect(ended).toBe(true);
      const resent = (await service.result(`bill-${name}`))?.resentTasks ?? 0;
      expect(unexplained(lines, resent)).toEqual([]);
      for (const { metered, observed, difference } of lines)
        expect(difference).toBe(observed === null ? null : observed - metered);
      expect(lines.find(({ item }) => item === "worker: invocations")?.observed).toBeGreaterThan(ROUNDS);
    });
  },
);

test.runIf(cloud.observed)(
  "the bill of a run that was stopped and resumed has the requests that were seen",
  async () => {
    await importMushrooms(service.ports.objects, "bill-resumed");
    const since = Date.now();
    const invocations = await invocationsBefore();
    const run = await service.launch({ ...spec("bill-resumed", MARINA, 60), data: "bill-resumed" });
    await service.reached(run, 10, RUN_SECONDS);
    await service.command(run, { kind: "stop", now: false });
    const stopped = await service.ended(run, RUN_SECONDS);
    expect(stopped.status).toBe("stopped");
    expect(unexplained(await settledLines(stopped, since, invocations), stopped.resentTasks)).toEqual([]);
    await service.resume(run);
    const result = await service.ended(run, RUN_SECONDS);
    expect(result).toMatchObject({ status: "done", rounds: 60 });
    const lines = await settledLines(result, since, invocations);
    expect(unexplained(lines, result.resentTasks)).toEqual([]);
    expect(lines.find(({ item }) => item === "aggregator: invocations")?.observed).toBe(2);
  },
);
