/** The log lines of functions, from CloudWatch Logs. */
import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { explainAwsError } from "./errors.ts";
import { commandLineClient } from "./proxy.ts";

export interface LogLine {
  readonly at: Date;
  readonly text: string;
}

/** Where a function logs to. */
export async function logGroupOf(functionName: string): Promise<string> {
  const client = new LambdaClient(commandLineClient());
  try {
    const { LoggingConfig } = await client.send(
      new GetFunctionConfigurationCommand({ FunctionName: functionName }),
    );
    return LoggingConfig?.LogGroup ?? `/aws/lambda/${functionName}`;
  } catch (error) {
    throw explainAwsError(error, `Lambda GetFunctionConfiguration ${functionName}`);
  }
}

/** Lines of a log group that contain a text, oldest first. An absent group has none. */
export async function* logLines(group: string, containing: string): AsyncGenerator<LogLine> {
  const client = new CloudWatchLogsClient(commandLineClient());
  const request = { logGroupName: group, filterPattern: JSON.stringify(containing) };
  try {
    for await (const page of paginateFilterLogEvents({ client }, request)) {
      for (const { timestamp, message } of page.events ?? []) {
        yield { at: new Date(timestamp ?? 0), text: (message ?? "").trimEnd() };
      }
    }
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return;
    throw explainAwsError(error, `CloudWatch FilterLogEvents ${group}`);
  }
}
