/** Faults: the processes of the deployed functions, and their event source mappings. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  type GetFunctionConfigurationCommandOutput,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
  type UpdateFunctionConfigurationCommandInput,
} from "@aws-sdk/client-lambda";
import { MarinaError } from "../../../shared/base/errors.ts";
import { groupMembers, signal } from "../../local/process-group.ts";
import type { TestCloud } from "../global-setup.ts";
import { eventually } from "./service.ts";

/** Can this cloud's function processes be ended from here? */
export function reachesProcesses({ kind, processGroup }: TestCloud): boolean {
  return kind !== "aws" && (processGroup === undefined || process.platform === "linux");
}

/** Sends a signal to all environments of a function; returns how many there were. */
export function signalFunction(
  { processGroup }: TestCloud,
  name: string,
  sent: "SIGSTOP" | "SIGKILL",
): number {
  return processGroup === undefined
    ? signalContainers(name, sent)
    : signalProcesses(processGroup, name, sent);
}

function signalProcesses(group: number, name: string, sent: "SIGSTOP" | "SIGKILL"): number {
  const found = groupMembers(group).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8")
        .split("\0")
        .includes(`AWS_LAMBDA_FUNCTION_NAME=${name}`);
    } catch {
      return false; // ended between the two looks
    }
  });
  for (const pid of found) signal(pid, sent);
  return found.length;
}

/** LocalStack in Docker names a container after its function. */
function signalContainers(name: string, sent: "SIGSTOP" | "SIGKILL"): number {
  const list = spawnSync("docker", ["ps", "--quiet", "--filter", `name=${name.toLowerCase()}`], {
    encoding: "utf8",
  });
  const containers = list.stdout.split("\n").filter((id) => id !== "");
  for (const id of containers) spawnSync("docker", sent === "SIGSTOP" ? ["pause", id] : ["kill", id]);
  return containers.length;
}

const client = (): LambdaClient => new LambdaClient({});

/** Switches the delivery of a function's queue off or on, and waits until that is so. */
export async function setDelivery(functionName: string, enabled: boolean): Promise<void> {
  const lambda = client();
  const { EventSourceMappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: functionName }),
  );
  const UUID = EventSourceMappings[0]?.UUID;
  if (UUID === undefined)
    throw new MarinaError("not-found", `${functionName}: expected an event source mapping, got none`);
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: enabled }));
  const wanted = enabled ? "Enabled" : "Disabled";
  const reached = await eventually(async () => {
    const { State } = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
    return State === wanted ? true : undefined;
  }, 120);
  if (reached !== true)
    throw new MarinaError("unavailable", `${functionName}: its mapping is not ${wanted} after 120 s`);
}

/**
 * Messages of a function's log that contain a text, wherever the cloud puts them: in the stack's log group, or in the one
 * that Lambda makes by default.
 */
export async function logLines(functionName: string, text: string): Promise<string[]> {
  const logs = new CloudWatchLogsClient({});
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
  const lines: string[] = [];
  for (const { logGroupName } of logGroups) {
    if (logGroupName === undefined || !logGroupName.includes(functionName)) continue;
    for await (const message of messagesOf(logs, logGroupName, text))
      if (message.includes(text)) lines.push(message);
  }
  return lines;
}

/** FilterLogEvents returns at most so many events. CloudWatch Logs API reference. */
const EVENTS_LIMIT = 10_000;

/** Of the lines that the service itself takes to contain the text, oldest first. */
async function* messagesOf(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  text: string,
): AsyncGenerator<string> {
  const filterPattern = JSON.stringify(text.replaceAll('"', ""));
  let startTime = 0;
  let seenAtStart = 0;
  for (;;) {
    let nextToken: string | undefined;
    let events: FilteredLogEvent[] = [];
    do {
      const page = await logs.send(
        new FilterLogEventsCommand({
          ...{ logGroupName, filterPattern, startTime },
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      nextToken = page.nextToken;
      events = page.events ?? [];
      for (const { message = "" } of events.slice(seenAtStart)) yield message;
      seenAtStart = 0;
    } while (nextToken !== undefined);
    // MiniStack cuts a long answer off without a token for the rest: asked again from where it was cut off.
    if (events.length < EVENTS_LIMIT) return;
    startTime = events.at(-1)?.timestamp ?? 0;
    seenAtStart = events.filter(({ timestamp }) => timestamp === startTime).length;
  }
}

/** Gives a function another time-out; returns the one that it had. */
export async function setTimeoutSeconds(functionName: string, seconds: number): Promise<number> {
  const { Timeout = 0 } = await configured(functionName, () => ({ Timeout: seconds }));
  return Timeout;
}

/** Gives a function's processes more variables than they had. */
export async function setVariables(
  functionName: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  await configured(functionName, ({ Environment }) => ({
    Environment: { Variables: { ...Environment?.Variables, ...variables } },
  }));
}

/** Changes a function's configuration and waits until it is ready again; returns the one that it had. */
async function configured(
  functionName: string,
  change: (
    before: GetFunctionConfigurationCommandOutput,
  ) => Omit<UpdateFunctionConfigurationCommandInput, "FunctionName">,
): Promise<GetFunctionConfigurationCommandOutput> {
  const lambda = client();
  const asked = { FunctionName: functionName };
  const before = await lambda.send(new GetFunctionConfigurationCommand(asked));
  const changed = change(before);
  await lambda.send(new UpdateFunctionConfigurationCommand({ ...asked, ...changed }));
  const reached = await eventually(async () => {
    const now = await lambda.send(new GetFunctionConfigurationCommand(asked));
    const { State = "Active", LastUpdateStatus = "Successful", Timeout } = now;
    const isAsAsked = changed.Timeout === undefined || Timeout === changed.Timeout;
    return isAsAsked && State === "Active" && LastUpdateStatus === "Successful" ? true : undefined;
  }, 60);
  if (reached === true) return before;
  throw new MarinaError(
    "unavailable",
    `${functionName}: it is not as asked (${Object.keys(changed).join(", ")}) and ready after 60 s`,
  );
}
