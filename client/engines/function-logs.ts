/** Log lines of a stack's two functions about a run, in the order of time. */
import type { DeployedStack, LogLine } from "../../shared/cloud/aws/index.ts";

/** What one of the functions said. */
export interface FunctionLine {
  readonly at: Date;
  readonly function: "worker" | "aggregator";
  readonly text: string;
}

export async function* functionLogs(stack: DeployedStack, run: string): AsyncGenerator<FunctionLine> {
  const { logGroupOf, logLines } = await import("../../shared/cloud/aws/index.ts");
  const gathered: FunctionLine[] = [];
  for (const [from, name] of [
    ["worker", stack.workerFunction],
    ["aggregator", stack.aggregatorFunction],
  ] as const) {
    for await (const line of logLines(await logGroupOf(name), run)) gathered.push(lineOf(line, from));
  }
  gathered.sort((a, b) => a.at.getTime() - b.at.getTime());
  yield* gathered;
}

function lineOf({ at, text }: LogLine, from: FunctionLine["function"]): FunctionLine {
  return { at, function: from, text };
}
