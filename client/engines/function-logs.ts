/** Log lines of a stack's two functions about a run, in the order of time. */
import type { DeployedStack, LogLine } from "../../shared/cloud/aws/index.ts";

export async function* functionLogs(stack: DeployedStack, run: string): AsyncGenerator<string> {
  const { logGroupOf, logLines } = await import("../../shared/cloud/aws/index.ts");
  const gathered: (LogLine & { readonly from: string })[] = [];
  for (const [from, name] of [
    ["worker", stack.workerFunction],
    ["aggregator", stack.aggregatorFunction],
  ] as const) {
    for await (const line of logLines(await logGroupOf(name), run)) gathered.push({ ...line, from });
  }
  gathered.sort((a, b) => a.at.getTime() - b.at.getTime());
  for (const { at, from, text } of gathered) yield `${at.toISOString()} ${from.padEnd(10)} ${text}`;
}
