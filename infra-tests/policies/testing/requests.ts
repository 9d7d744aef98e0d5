/** The requests of the command line, as IAM sees them: actions on resources of an example stack. */
import { queuePrefix } from "../../../cdk/names.ts";
import { functionOf, ofType, synthesize } from "../../../cdk/testing/synthesize.ts";
import { rowsKey } from "../../../shared/data/manifest.ts";
import {
  checkpointKey,
  contributionsQueueName,
  labelsKey,
  manifestKey,
  memoryKey,
  modelKey,
  preparationKey,
  resultKey,
  roundsKey,
  specKey,
  spectraKey,
  startKey,
} from "../../../shared/protocol/keys.ts";
import type { Ask } from "./simulate.ts";

export const STACK = "Marina";
export const ACCOUNT = "123456789012";
export const REGION = "eu-central-1";
const BUCKET = "marina-databuckete6b0faa8-1x2y3z";
const CONTROL_QUEUE = "Marina-ControlQueue0A1B2C3D-AbCdEfGh.fifo";
const CONTROL_DEAD_LETTERS = "Marina-ControlDeadLetters0A1B2C3D-IjKlMnOp.fifo";
export const TASK_QUEUE = "Marina-TasksQueue0A1B2C3D-QrStUvWx";
export const TASK_DEAD_LETTERS = "Marina-TasksDeadLetters0A1B2C3D-YzAbCdEf";

/** What the policies' placeholders stand for here. */
export const VALUES = {
  ACCOUNT,
  REGION,
  STACK,
  BUCKET,
  CONTROL_QUEUE,
  CONTROL_DEAD_LETTERS,
  QUEUE_PREFIX: queuePrefix(STACK),
};

const stack = synthesize({ stackName: STACK });
const functions = (["worker", "aggregator"] as const).map((role) =>
  String(functionOf(stack, role).Properties["FunctionName"]),
);
const logGroups = ofType(stack, "AWS::Logs::LogGroup").map(({ Properties }) =>
  String(Properties["LogGroupName"]),
);

export const bucketArn = (bucket = BUCKET): string => `arn:aws:s3:::${bucket}`;
export const objectArn = (key: string, bucket = BUCKET): string => `${bucketArn(bucket)}/${key}`;
export const queueArn = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const functionArn = (name: string): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
export const logArn = (rest: string): string => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${rest}`;
export const stackArn = (name: string): string =>
  `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${name}/0a1b2c3d`;

const RUN = "diana-mushrooms";
const DATA = "mushrooms";
export const keys = {
  manifest: manifestKey(DATA),
  rows: rowsKey(DATA, 2),
  spectra: spectraKey(DATA, "5-drop"),
  spec: specKey(RUN),
  checkpoint: checkpointKey(RUN),
  labels: labelsKey(RUN),
  result: resultKey(RUN),
  rounds: roundsKey(RUN, 100),
  memory: memoryKey(RUN, 3, 7),
  preparation: preparationKey(RUN),
  model: modelKey("0".repeat(64)),
  start: startKey(RUN, "0".repeat(64)),
} as const;
export const queues = {
  control: queueArn(CONTROL_QUEUE),
  deadLetters: queueArn(CONTROL_DEAD_LETTERS),
  run: queueArn(contributionsQueueName(VALUES.QUEUE_PREFIX, RUN)),
} as const;

type KeyName = keyof typeof keys;
const on = (action: string, ...arns: readonly string[]): Ask[] => arns.map((arn) => ({ action, arn }));
const objects = (action: string, ...names: readonly KeyName[]): Ask[] =>
  on(action, ...names.map((name) => objectArn(keys[name])));
const put = (...names: readonly KeyName[]): Ask[] => objects("s3:PutObject", ...names);

/** Objects that `list`, `show`, `report`, `watch` and `parameters` read. */
const READ_BY_READERS = [
  "manifest",
  "spec",
  "checkpoint",
  "labels",
  "result",
  "rounds",
  "start",
  "model",
] as const;

/**
 * The permissions that an operation of the adapters needs, by AWS's Service Authorization Reference.
 * `reader`: those that list, show, report, watch and parameters need; `user`: all but deletions, for which those of `deleter` are needed too.
 */
export const OPERATIONS: Readonly<
  Record<
    string,
    { readonly user: readonly Ask[]; readonly reader?: readonly Ask[]; readonly deleter?: readonly Ask[] }
  >
> = {
  DescribeStacks: both(on("cloudformation:DescribeStacks", stackArn(STACK))),
  GetObject: {
    user: objects("s3:GetObject", ...READ_BY_READERS, "rows", "spectra", "memory"),
    reader: objects("s3:GetObject", ...READ_BY_READERS),
  },
  // Of checkpoints, specs and results.
  HeadObject: both(objects("s3:GetObject", "checkpoint", "spec", "result")),
  // Also what makes S3 answer "no such key" and not "access denied" for a missing object.
  ListObjectsV2: both(on("s3:ListBucket", bucketArn())),
  PutObject: { user: put(...(Object.keys(keys) as KeyName[])) },
  DeleteObject: {
    user: objects("s3:DeleteObject", "rows", "result"),
    deleter: objects(
      "s3:DeleteObject",
      ...(Object.keys(keys) as KeyName[]).filter((name) => name !== "model"),
    ),
  },
  CreateMultipartUpload: { user: put("rows") },
  UploadPart: { user: put("rows") },
  CompleteMultipartUpload: { user: put("rows") },
  AbortMultipartUpload: { user: objects("s3:AbortMultipartUpload", "rows") },
  GetQueueUrl: { user: on("sqs:GetQueueUrl", queues.run) },
  GetQueueAttributes: both(on("sqs:GetQueueAttributes", queues.control)),
  SendMessageBatch: { user: on("sqs:SendMessage", queues.control, queues.run) },
  ReceiveMessage: both(on("sqs:ReceiveMessage", queues.deadLetters)),
  ChangeMessageVisibility: both(on("sqs:ChangeMessageVisibility", queues.deadLetters)),
  DeleteMessageBatch: { user: on("sqs:DeleteMessage", queues.deadLetters) },
  // Of the aggregator alone: PORT_CALLS has no call that would make it.
  CreateQueue: { user: [] },
  DeleteQueue: { user: [], deleter: on("sqs:DeleteQueue", queues.run) },
  GetFunctionConfiguration: { user: on("lambda:GetFunctionConfiguration", ...functions.map(functionArn)) },
  GetFunctionConcurrency: { user: on("lambda:GetFunctionConcurrency", ...functions.map(functionArn)) },
  GetAccountSettings: { user: on("lambda:GetAccountSettings", "*") },
  // CloudWatch Logs holds it against both forms of a group's ARN.
  FilterLogEvents: {
    user: on(
      "logs:FilterLogEvents",
      ...logGroups.flatMap((group) => [logArn(group), logArn(`${group}:log-stream:`)]),
    ),
  },
  GetMetricData: { user: on("cloudwatch:GetMetricData", "*") },
};

/** What each call of a port by the command line asks for on a deployed stack. */
export const PORT_CALLS: Readonly<Record<string, readonly Ask[]>> = {
  "client/engines/aws.ts queues.address(contributionsQueueName": on("sqs:GetQueueUrl", queues.run),
  "client/engines/aws.ts queues.send(queue": on("sqs:SendMessage", queues.run),
  "client/engines/aws.ts queues.send(this.stack.controlQueue": on("sqs:SendMessage", queues.control),
  "client/engines/control-dead-letters.ts queues.delete(this.#queue": on(
    "sqs:DeleteMessage",
    queues.deadLetters,
  ),
  "client/engines/control-dead-letters.ts queues.extend(this.#queue": on(
    "sqs:ChangeMessageVisibility",
    queues.deadLetters,
  ),
  "client/engines/control-dead-letters.ts queues.receive(this.#queue": on(
    "sqs:ReceiveMessage",
    queues.deadLetters,
  ),
  "client/delete.ts objects.delete(key": objects("s3:DeleteObject", "manifest", "rows", "spectra"),
  "client/engines/aws.ts objects.delete(key": objects(
    "s3:DeleteObject",
    "spec",
    "checkpoint",
    "labels",
    "result",
    "rounds",
    "memory",
    "preparation",
    "start",
  ),
  "client/engines/aws.ts queues.destroy(await": on("sqs:DeleteQueue", queues.run),
  "client/labels.ts objects.put(key": put("labels"),
  "client/launch.ts objects.delete(resultKey(run)": objects("s3:DeleteObject", "result"),
  "client/launch.ts objects.put(specKey(run)": put("spec"),
  "client/model/start.ts objects.put(startKey": put("start"),
  "shared/data/models.ts objects.put(modelKey(digest)": put("model"),
  // Whatever belongs to a run, but what is made again; and the manifest of its data set.
  // What an interrupted deletion or import has left.
  "client/transfer.ts objects.delete(key": objects(
    "s3:DeleteObject",
    "checkpoint",
    "labels",
    "rounds",
    "memory",
    "preparation",
    "start",
  ),
  "client/transfer.ts objects.put(key": put(
    "checkpoint",
    "labels",
    "rounds",
    "memory",
    "preparation",
    "result",
    "start",
    "manifest",
  ),
  "client/transfer.ts objects.put(manifest.object.key": put("rows"),
  "client/transfer.ts objects.put(specKey(run)": put("spec"),
  "shared/data/import.ts objects.delete(unused": objects("s3:DeleteObject", "rows"),
  "shared/data/import.ts objects.put(manifestKey(name)": put("manifest"),
  "shared/data/import.ts objects.putStream(key": [
    ...put("rows"),
    ...objects("s3:AbortMultipartUpload", "rows"),
  ],
  "sweep/library.ts objects.put(key": put("spectra"),
  // On the embedded cloud, whatever the engine.
  "client/engines/embedded.ts queues.address(contributionsQueueName": [],
  "client/engines/embedded.ts queues.send(queue": [],
  "client/engines/embedded.ts objects.delete(key": [],
  "sweep/run-cell.ts objects.put(key": [],
};

function both(asks: readonly Ask[]): { readonly user: readonly Ask[]; readonly reader: readonly Ask[] } {
  return { user: asks, reader: asks };
}
