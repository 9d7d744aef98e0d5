/**
 * What the ports promise, asked of S3 and SQS as others have them: of the cloud under test, and of moto's server. The
 * embedded cloud is asked the same in embedded/promises.test.ts. Buckets and queues of their own are made; AWS is not asked.
 */
import {
  CreateBucketCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type AwsClients, createFunctionClients } from "../../shared/cloud/aws/clients.ts";
import { createSystemClock } from "../../shared/cloud/aws/clock.ts";
import { createSqsMessageQueue } from "../../shared/cloud/aws/message-queue.ts";
import { createS3ObjectStore } from "../../shared/cloud/aws/object-store.ts";
import { createSdkClients } from "../../shared/cloud/aws/sdk-clients.ts";
import type { ObjectStore, QueueAddress } from "../../shared/cloud/ports.ts";
import { OBJECT_PROMISES } from "../../shared/cloud/testing/object-promises.ts";
import { endingOf } from "../../shared/cloud/testing/promised.ts";
import { QUEUE_PROMISES } from "../../shared/cloud/testing/queue-promises.ts";
import { iterateKey } from "../../shared/protocol/keys.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../local/environment.ts";
import type { LocalCloud } from "../local/local-cloud.ts";
import { start as startMoto } from "../local/moto.ts";

const cloud = inject("cloud");
const clock = createSystemClock();
let moto: LocalCloud | undefined;
let names = 0;
/** New in a cloud that other files and runs of this one have used. */
const newName = (what: string): string => `promises-${process.pid}-${Date.now()}-${what}-${++names}`;

const ENDPOINTS = {
  [cloud.kind]: () => cloud.env["AWS_ENDPOINT_URL"]!,
  moto: () => moto!.endpoint,
};

function optionsAt(endpoint: string) {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return { endpoint, region: LOCAL_REGION, credentials, maxAttempts: 2 };
}

/** Both carriers of requests to SQS: that of the command line, and that of the functions. */
const CARRIERS: Readonly<Record<string, (endpoint: string) => AwsClients>> = {
  "the SDK's client": (endpoint) => createSdkClients(optionsAt(endpoint)),
  "the functions' client": (endpoint) =>
    createFunctionClients(`${endpoint}/${LOCAL_ACCOUNT}/any` as QueueAddress, optionsAt(endpoint)),
};

async function newStore({
  s3,
}: AwsClients): Promise<{ readonly bucket: string; readonly store: ObjectStore }> {
  const bucket = newName("bucket");
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return { bucket, store: createS3ObjectStore(s3, bucket, clock) };
}

beforeAll(async () => {
  if (cloud.kind !== "aws") moto = await startMoto({ note: (line) => console.log(line) });
});

afterAll(() => moto?.stop());

describe.skipIf(cloud.kind === "aws").each(Object.entries(ENDPOINTS))("S3 on %s", (_, endpoint) => {
  const made = new Map<string, AwsClients>();
  const clients = (): AwsClients => {
    const at = endpoint();
    if (!made.has(at)) made.set(at, createSdkClients(optionsAt(at)));
    return made.get(at)!;
  };
  afterAll(() => {
    for (const { s3, sqs } of made.values()) {
      s3.destroy();
      sqs.destroy();
    }
  });

  test.each(OBJECT_PROMISES)("keeps: $name", async ({ holds }) => {
    await holds((await newStore(clients())).store);
  });

  test("an upload that broke leaves no parts that would be paid for", async () => {
    const { bucket, store } = await newStore(clients());
    async function* broken(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 15; i++) yield new Uint8Array(1_000_000);
      throw new Error("the source broke");
    }
    expect(await endingOf(store.putStream("k", broken()))).toBe("Error: the source broke");
    const { Uploads } = await clients().s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads ?? []).toEqual([]);
  });

  test("what lives for a round only carries the tag by which the bucket lets it go", async () => {
    const { bucket, store } = await newStore(clients());
    const key = iterateKey("r", 0, 1);
    await store.put(key, new Uint8Array(1));
    const { TagSet } = await clients().s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: key }));
    expect(TagSet).toEqual([{ Key: "marina-lifetime", Value: "round" }]);
  });

  test("a bucket that does not exist is a matter of access, not a missing object", async () => {
    const store = createS3ObjectStore(clients().s3, newName("none"), clock);
    expect(await endingOf(store.get("k"))).toBe("access");
  });
});

describe
  .skipIf(cloud.kind === "aws")
  .each(
    Object.entries(ENDPOINTS).flatMap(([place, endpoint]) =>
      Object.entries(CARRIERS).map(([carrier, create]) => ({ place, endpoint, carrier, create })),
    ),
  )("SQS on $place by $carrier", ({ endpoint, create }) => {
  // Each has a queue of its own, and mostly waits.
  test.concurrent.each(QUEUE_PROMISES)("keeps: $name", async ({ holds }) => {
    const { s3, sqs } = create(endpoint());
    try {
      const createFifo = async (name: string, visibilitySeconds: number): Promise<QueueAddress> => {
        const Attributes = { FifoQueue: "true", VisibilityTimeout: String(visibilitySeconds) };
        const { QueueUrl } = await sqs.call("CreateQueue", { QueueName: name, Attributes }, 5000);
        return QueueUrl as QueueAddress;
      };
      const queues = createSqsMessageQueue(sqs, clock, { tags: { "marina:stack": "promises" } });
      await holds({ queues, clock, name: newName("queue"), createFifo });
    } finally {
      s3.destroy();
      sqs.destroy();
    }
  });
});
