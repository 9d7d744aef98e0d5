/** Requests that were seen on a local cloud, as IAM would see them on the example stack: who asks for which action on what. */
import type { RequestLogEntry } from "../../../shared/cost/request-log.ts";
import { checkpointKey, isTransientKey } from "../../../shared/protocol/keys.ts";
import type { FunctionRole } from "./principals.ts";
import {
  bucketArn,
  functionArn,
  logArn,
  objectArn,
  queueArn,
  STACK,
  stackArn,
  TASK_DEAD_LETTERS,
  TASK_QUEUE,
  VALUES,
} from "./requests.ts";
import type { Ask } from "./simulate.ts";

export type Principal = FunctionRole | "user";

export interface PrincipalAsk extends Ask {
  readonly who: Principal;
  /** Of a listing. */
  readonly prefix?: string;
}

/** Actions that an operation needs (S3: "Required permissions for API operations"; SQS: "API permissions"). */
const OBJECT_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  GetObject: ["s3:GetObject"],
  HeadObject: ["s3:GetObject"],
  PutObject: ["s3:PutObject"],
  DeleteObject: ["s3:DeleteObject"],
  CreateMultipartUpload: ["s3:PutObject"],
  UploadPart: ["s3:PutObject"],
  CompleteMultipartUpload: ["s3:PutObject"],
  AbortMultipartUpload: ["s3:AbortMultipartUpload"],
};
const QUEUE_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  // With tags, as the adapter creates queues.
  CreateQueue: ["sqs:CreateQueue", "sqs:TagQueue"],
  GetQueueUrl: ["sqs:GetQueueUrl"],
  GetQueueAttributes: ["sqs:GetQueueAttributes"],
  DeleteQueue: ["sqs:DeleteQueue"],
  SendMessageBatch: ["sqs:SendMessage"],
  ReceiveMessage: ["sqs:ReceiveMessage"],
  DeleteMessageBatch: ["sqs:DeleteMessage"],
  ChangeMessageVisibility: ["sqs:ChangeMessageVisibility"],
};

/**
 * Which function asked, by what it asked: all functions come through one door.
 * @returns both where either may ask so.
 */
function rolesOf(
  { service, operation, resource }: RequestLogEntry,
  tasks: string,
  control: string,
): FunctionRole[] {
  if (service === "sqs") {
    const aggregators = resource === tasks || resource === control || operation !== "SendMessageBatch";
    return [aggregators ? "aggregator" : "worker"];
  }
  if (/^runs\/[^/]+\/memory\/./.test(resource))
    return operation === "DeleteObject" ? ["worker", "aggregator"] : ["worker"];
  if (/^runs\/[^/]+\/contributions\/./.test(resource))
    return [operation === "PutObject" ? "worker" : "aggregator"];
  if (/^runs\/[^/]+\/iterates\/./.test(resource))
    return [operation === "GetObject" ? "worker" : "aggregator"];
  if (/^datasets\/[^/]+\/rows-/.test(resource)) return ["worker"];
  if (operation === "GetObject" && /\/(spec|manifest)\.json$/.test(resource)) return ["worker", "aggregator"];
  return ["aggregator"];
}

/** The deployed stack's own names of queues. */
export interface QueueNames {
  readonly tasks: string;
  readonly taskDeadLetters: string;
  readonly control: string;
  readonly controlDeadLetters: string;
}

/** @throws Error for an operation of which the actions are not known here: it must be looked up. */
export function asksOf(entry: RequestLogEntry, names: QueueNames): PrincipalAsk[] {
  const { caller, service, operation, resource, status } = entry;
  const known: Readonly<Record<string, string>> = {
    [names.tasks]: TASK_QUEUE,
    [names.taskDeadLetters]: TASK_DEAD_LETTERS,
    [names.control]: VALUES.CONTROL_QUEUE,
    [names.controlDeadLetters]: VALUES.CONTROL_DEAD_LETTERS,
  };
  const asked = (): (Ask & { readonly prefix?: string })[] => {
    const unknown = new Error(`${service} ${operation} ${resource}: which actions does it need?`);
    switch (service) {
      case "s3": {
        if (operation === "ListObjectsV2")
          return [{ action: "s3:ListBucket", arn: bucketArn(), prefix: resource }];
        const arn = objectArn(resource);
        const actions = OBJECT_ACTIONS[operation];
        if (actions === undefined) throw unknown;
        const asks: (Ask & { readonly prefix?: string })[] = actions.map((action) => ({ action, arn }));
        if (operation === "PutObject" && isTransientKey(resource))
          asks.push({ action: "s3:PutObjectTagging", arn });
        // If-Match needs to read what it compares with.
        if (operation === "PutObject" && resource === checkpointKey(resource.split("/")[1]!))
          asks.push({ action: "s3:GetObject", arn });
        // Else S3 answers that access is denied, and not that there is no such key.
        if (status === 404 && (operation === "GetObject" || operation === "HeadObject"))
          asks.push({ action: "s3:ListBucket", arn: bucketArn(), prefix: resource });
        return asks;
      }
      case "sqs": {
        const actions = QUEUE_ACTIONS[operation];
        if (actions === undefined) throw unknown;
        return actions.map((action) => ({ action, arn: queueArn(known[resource] ?? resource) }));
      }
      case "lambda": {
        if (/\/account-settings/.test(resource)) return [{ action: "lambda:GetAccountSettings", arn: "*" }];
        const name = /\/functions\/([^/]+)\/(?:configuration|concurrency)/.exec(resource)?.[1];
        if (name === undefined) throw unknown;
        const what = /\/concurrency/.test(resource) ? "GetFunctionConcurrency" : "GetFunctionConfiguration";
        return [{ action: `lambda:${what}`, arn: functionArn(name) }];
      }
      case "logs":
        if (operation !== "FilterLogEvents") throw unknown;
        return (["worker", "aggregator"] as const).map((role) => ({
          action: "logs:FilterLogEvents",
          arn: logArn(`/aws/lambda/${STACK}-${role}:log-stream:`),
        }));
      case "cloudformation":
        return [{ action: "cloudformation:DescribeStacks", arn: stackArn(STACK) }];
      // Anybody may ask who they are.
      case "sts":
        return [];
      case "monitoring":
        return [{ action: "cloudwatch:GetMetricData", arn: "*" }];
      default:
        throw unknown;
    }
  };
  const who: readonly Principal[] =
    caller === "client" ? ["user"] : rolesOf(entry, names.tasks, names.control);
  return who.flatMap((principal) => asked().map((ask) => ({ ...ask, who: principal })));
}

/** What AWS itself asks in the functions' names: the mappings' polls, and the logs. */
export const ASKED_BY_AWS: readonly PrincipalAsk[] = (
  [
    ["worker", TASK_QUEUE],
    ["aggregator", VALUES.CONTROL_QUEUE],
  ] as const
).flatMap(([who, queue]) => [
  ...["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"].map((action) => ({
    who,
    action: `sqs:${action}`,
    arn: queueArn(queue),
  })),
  ...["CreateLogStream", "PutLogEvents"].map((action) => ({
    who,
    action: `logs:${action}`,
    arn: logArn(`/aws/lambda/${STACK}-${who}:log-stream:2026/x`),
  })),
]);
