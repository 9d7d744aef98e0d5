/** `marina cost --reconcile`: the meter's counts beside the cloud's own. */

import { metricLines, observedRequests, type Span, table, withSums } from "../../client/index.ts";
import { csv, MarinaError } from "../../shared/base/index.ts";
import {
  type DeployedStack,
  lastModified,
  logGroupOf,
  logLines,
  metricSums,
} from "../../shared/cloud/aws/index.ts";
import { type ReconciledLine, reconcileRequests, type Usage } from "../../shared/cost/index.ts";
import { resultKey, specKey } from "../../shared/protocol/index.ts";
import { onOutput } from "../output/terminal.ts";

export interface ReconcileOptions {
  readonly on: "embedded" | "localstack" | "aws";
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** A run's last requests, and the functions' last log lines, come after its result. */
const AFTERMATH_MILLISECONDS = 6000;
/** S3 tells times to the second; the clocks of a client and of S3 need not agree to it. */
const CLOCK_MILLISECONDS = 1000;
/** CloudWatch publishes what SQS and Lambda count with a delay. */
const METRICS_DELAY_MILLISECONDS = 5 * 60_000;
const REPORT = "REPORT RequestId:";

export async function reconcile(
  stack: DeployedStack,
  run: string,
  usage: Usage,
  options: ReconcileOptions,
): Promise<void> {
  const { span, ended } = await spanOf(stack, run);
  const local = options.on === "localstack";
  const lines = local ? await fromLog(stack, run, usage, span) : await fromMetrics(stack, run, usage, span);
  if (options.json === true) {
    const rows = lines.map((line) => ({ ...line, difference: difference(line) }));
    console.log(JSON.stringify({ run, from: iso(span.from), to: iso(span.to), ended, lines: rows }));
    return;
  }
  if (options.csv === true) {
    const header = ["item", "unit", "metered", "observed", "difference", "note"];
    const rows = lines.map((line) => [
      line.item,
      line.unit,
      line.metered,
      line.observed,
      difference(line),
      line.note,
    ]);
    process.stdout.write(csv(header, rows));
    return;
  }
  console.log(lineTable(lines));
  const recent = !local && Date.now() - span.to < METRICS_DELAY_MILLISECONDS;
  console.log(
    [
      "",
      `observed by ${local ? "the local cloud's request log and function logs" : `CloudWatch in ${stack.region}`}, ${iso(span.from)} to ${iso(span.to)}; evaluations included on both sides`,
      ...notes(lines).map((note, i) => `${i + 1}) ${note}`),
      ...(ended
        ? []
        : ["the run is unfinished: the meter stands at its last checkpoint, the observer goes on"]),
      ...(recent ? ["CloudWatch's counts come minutes late: ask again in five minutes"] : []),
    ].join("\n"),
  );
}

async function fromMetrics(
  stack: DeployedStack,
  run: string,
  usage: Usage,
  span: Span,
): Promise<ReconciledLine[]> {
  const lines = metricLines(stack, run, usage);
  return withSums(
    lines,
    await metricSums(
      lines.map(({ metric }) => metric),
      span,
    ),
  );
}

async function fromLog(
  stack: DeployedStack,
  run: string,
  usage: Usage,
  span: Span,
): Promise<ReconciledLine[]> {
  const endpoint = process.env["AWS_ENDPOINT_URL"] ?? "";
  const observed = await observedRequests(endpoint, stack, run, span);
  const [worker, aggregator] = await Promise.all([
    invocations(stack.workerFunction, span),
    invocations(stack.aggregatorFunction, span),
  ]);
  return reconcileRequests(usage, observed, { worker, aggregator });
}

/** Each invocation ends with a line of the platform's. (An emulator's filter may let others through.) */
async function invocations(functionName: string, { from, to }: Span): Promise<number> {
  let count = 0;
  for await (const { at, text } of logLines(await logGroupOf(functionName), REPORT)) {
    if (text.startsWith(REPORT) && at.getTime() >= from && at.getTime() <= to) count++;
  }
  return count;
}

/** From the writing of its description to that of its result, or to now. */
async function spanOf(stack: DeployedStack, run: string): Promise<{ span: Span; ended: boolean }> {
  const began = await lastModified(stack.bucket, specKey(run));
  if (began === undefined)
    throw new MarinaError("not-found", `run ${run}: ${specKey(run)} is not there; see: marina list`);
  const end = await lastModified(stack.bucket, resultKey(run));
  const to = (end ?? Date.now()) + AFTERMATH_MILLISECONDS;
  return {
    span: { from: began - CLOCK_MILLISECONDS, to: Math.min(to, Date.now()) },
    ended: end !== undefined,
  };
}

function difference({ metered, observed }: ReconciledLine): number | null {
  return observed === null ? null : observed - metered;
}

/** Each once, in the order of the lines. */
function notes(lines: readonly ReconciledLine[]): string[] {
  return [...new Set(lines.map(({ note }) => note).filter((note) => note !== ""))];
}

function lineTable(lines: readonly ReconciledLine[]): string {
  const columns = [
    ["item", "left"],
    ["unit", "left"],
    ["metered", "right"],
    ["observed", "right"],
    ["difference", "right"],
    ["note", "left"],
  ] as const;
  const numbers = notes(lines);
  const rows = lines.map((line) => {
    const off = difference(line);
    return [
      line.item,
      line.unit,
      whole(line.metered),
      line.observed === null ? "-" : whole(line.observed),
      off === null ? "-" : off > 0 ? `+${whole(off)}` : whole(off),
      line.note === "" ? "" : `${numbers.indexOf(line.note) + 1})`,
    ];
  });
  return table(columns, rows, onOutput());
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}
