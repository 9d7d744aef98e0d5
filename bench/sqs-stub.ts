/**
 * A child process that is SQS on the loopback interface, and all the workers as well: each task that is sent comes back as
 * a contribution of zeros, at once. For benchmarks of what stands before the queues; `startSqsStub` starts it.
 */
import { fork } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { toBody } from "../shared/protocol/frames/frame.ts";
import { frameRunMessage, type RunMessage } from "../shared/protocol/messages/run-message.ts";
import { decodeTask, membersOf, type Task } from "../shared/protocol/messages/task.ts";
import { encodeSpectrum } from "../shared/protocol/stored/spectra.ts";

export interface StubWorkers {
  /** d */
  readonly dimension: number;
  /** Bytes of a compressed message. */
  readonly compressedBytes: number;
  /** Bytes of a dense message. */
  readonly denseBytes: number;
}

/** Starts the process. @returns where it listens, and how to end it. */
export async function startSqsStub(workers: StubWorkers): Promise<{ url: string; stop: () => void }> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(workers)]);
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve(message as number));
    child.once("exit", (code) => reject(new Error(`the SQS stub ended with code ${code}`)));
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

/** Of every shard: calibration only needs one that is possible. */
const SPECTRUM = {
  rows: 100,
  nonZeros: 1000,
  gramEigenvalue: 100,
  sumSquaredNorms: 1000,
  sumFourthNorms: 10_000,
  maxSquaredNorm: 14,
};

interface Queue {
  readonly messages: string[];
  readonly polls: { readonly max: number; readonly response: ServerResponse }[];
}

type Input = Readonly<Record<string, unknown>> & { readonly QueueUrl: string };

function serve(workers: StubWorkers): void {
  const queues = new Map<string, Queue>();
  let receipts = 0;
  const queueAt = (url: string): Queue => {
    const known = queues.get(url);
    if (known !== undefined) return known;
    const queue = { messages: [], polls: [] };
    queues.set(url, queue);
    return queue;
  };
  const deliver = ({ messages, polls }: Queue): void => {
    while (polls.length > 0 && messages.length > 0) {
      const { max, response } = polls.shift()!;
      const taken = messages.splice(0, max).map((Body) => ({
        Body,
        MessageId: "00000000-0000-0000-0000-000000000000",
        // As long as those of SQS are.
        ReceiptHandle: String(receipts++).padStart(280, "A"),
        Attributes: { ApproximateReceiveCount: "1" },
      }));
      answer(response, { Messages: taken });
    }
  };
  const operations: Readonly<Record<string, (input: Input, response: ServerResponse) => void>> = {
    CreateQueue: ({ QueueName }, response) =>
      answer(response, { QueueUrl: `https://sqs.example/1/${QueueName}` }),
    GetQueueUrl: ({ QueueName }, response) =>
      answer(response, { QueueUrl: `https://sqs.example/1/${QueueName}` }),
    DeleteQueue: ({ QueueUrl }, response) => {
      for (const { response: parked } of queueAt(QueueUrl).polls.splice(0)) answer(parked, {});
      answer(response, {});
    },
    SendMessageBatch: ({ Entries }, response) => {
      const entries = Entries as readonly { readonly Id: string; readonly MessageBody: string }[];
      answer(response, { Successful: entries.map(({ Id }) => ({ Id, MessageId: Id })), Failed: [] });
      for (const { MessageBody } of entries) {
        const task = decodeTask(MessageBody);
        const queue = queueAt(task.replyTo);
        queue.messages.push(toBody(frameRunMessage(done(task, workers))));
        deliver(queue);
      }
    },
    ReceiveMessage: ({ QueueUrl, MaxNumberOfMessages, WaitTimeSeconds }, response) => {
      const queue = queueAt(QueueUrl);
      const poll = { max: Number(MaxNumberOfMessages), response };
      queue.polls.push(poll);
      setTimeout(() => {
        const at = queue.polls.indexOf(poll);
        if (at === -1) return;
        queue.polls.splice(at, 1);
        answer(response, {});
      }, 1000 * Number(WaitTimeSeconds));
      deliver(queue);
    },
    DeleteMessageBatch: ({ Entries }, response) => {
      const entries = Entries as readonly { readonly Id: string }[];
      answer(response, { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] });
    },
    ChangeMessageVisibility: (_, response) => answer(response, {}),
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1]!;
      operations[operation]!(JSON.parse(body) as Input, response);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  request.setEncoding("utf8");
  for await (const chunk of request) body += chunk;
  return body;
}

function answer(response: ServerResponse, output: unknown): void {
  const body = Buffer.from(JSON.stringify(output));
  response.writeHead(200, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": body.length,
  });
  response.end(body);
}

function done(task: Task, workers: StubWorkers): RunMessage {
  const parts = membersOf(task).map((member) => answerTo(member, workers));
  if (task.others === undefined) return parts[0]!;
  const { runDigest, round, phase, slot, worker } = task;
  const address = { runDigest, round, phase, slot, worker };
  return { kind: "pack", ...address, parts: parts.map(frameRunMessage), computeMilliseconds: 1, cold: false };
}

function answerTo(task: Task, { dimension, compressedBytes, denseBytes }: StubWorkers): RunMessage {
  const { kind, runDigest, round, phase, slot, worker } = task;
  const common = { runDigest, round, phase, slot, worker, computeMilliseconds: 1, cold: false };
  if (kind === "calibrate") return { kind: "answer", ...common, payload: encodeSpectrum(SPECTRUM) };
  if (kind === "gram") throw new Error("the stub's workers can't do the steps of a power iteration");
  const bytes = kind === "evaluate" ? 0 : kind === "full" ? denseBytes : compressedBytes;
  return {
    kind: "contribution",
    ...common,
    payload: new Uint8Array(bytes),
    bits: 8 * bytes,
    loss: 0.5,
    evaluation: task.evaluate ? new Float64Array(dimension) : null,
    reused: false,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(JSON.parse(process.argv[2]!) as StubWorkers);
