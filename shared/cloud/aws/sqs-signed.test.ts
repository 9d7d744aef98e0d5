import { createHash, createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { createSignedSqs } from "./sqs-signed.ts";
import {
  FAKE_KEYS,
  type FakeAnswer,
  type FakeBehaviour,
  type FakeRequest,
  type FakeService,
  sqsAnswer,
  sqsError,
  startFakeService,
} from "./testing/fake-service.ts";

let service: FakeService | undefined;

afterEach(async () => {
  await service?.close();
  service = undefined;
});

const QUEUE = "https://sqs.eu-north-1.amazonaws.com/123456789012/Marina_run-r-0123456789ab";

async function sqsOn(behaviour: FakeBehaviour) {
  service = await startFakeService(behaviour, { maxAttempts: 3 }, "function");
  return service.clients.sqs;
}

async function failureOf(promise: Promise<unknown>): Promise<Error & { $metadata?: unknown }> {
  return promise.then(
    () => new Error("expected a failure"),
    (error: Error) => error,
  );
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** What AWS would compute of the request as it came (Signature Version 4, "Create a signed AWS API request"). */
function signatureOf({ method, path, headers, body }: FakeRequest, secret: string, region: string): string {
  const authorization = String(headers.authorization);
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)![1]!;
  const date = String(headers["x-amz-date"]);
  const scope = `${date.slice(0, 8)}/${region}/sqs/aws4_request`;
  const lines = signed.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, path, "", lines.join(""), signed, sha256(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = [region, "sqs", "aws4_request"].reduce(hmac, hmac(`AWS4${secret}`, date.slice(0, 8)));
  return hmac(key, toSign).toString("hex");
}

describe("SQS over a signed request", () => {
  it("is signed as AWS would check it, over the headers that must be and the body", async () => {
    const sqs = await sqsOn(() => sqsAnswer({}));
    await sqs.call("ReceiveMessage", { QueueUrl: QUEUE, WaitTimeSeconds: 5 }, 1000);
    const [request] = service!.requests;
    const { authorization } = request!.headers;
    expect(authorization).toContain(`Credential=${FAKE_KEYS.AWS_ACCESS_KEY_ID}/`);
    expect(authorization).toMatch(/SignedHeaders=[^,]*host;[^,]*x-amz-date[^,]*x-amz-target/);
    const { AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region } = FAKE_KEYS;
    expect(authorization).toMatch(new RegExp(`Signature=${signatureOf(request!, secret, region)}$`));
    // A changed body has another signature: the check above can fail.
    const changed = { ...request!, body: Buffer.from(`${request!.body} `) };
    expect(signatureOf(changed, secret, region)).not.toBe(signatureOf(request!, secret, region));
  });

  it("sends the session token of temporary credentials, signed, and asks for new ones when they expire", async () => {
    service = await startFakeService(() => sqsAnswer({}), {}, "function");
    let asked = 0;
    const sqs = createSignedSqs({
      endpoint: service.url,
      region: "eu-north-1",
      sha256: service.clients.s3.config.sha256,
      maxAttempts: 1,
      maxSockets: 1,
      credentials: async () => ({
        accessKeyId: "ASIAEXAMPLE",
        secretAccessKey: "secret",
        sessionToken: `token-${++asked}`,
      }),
    });
    await sqs.call("DeleteQueue", { QueueUrl: QUEUE }, 1000);
    await sqs.call("DeleteQueue", { QueueUrl: QUEUE }, 1000);
    sqs.destroy();
    const tokens = service.requests.map(({ headers }) => headers["x-amz-security-token"]);
    expect(tokens).toEqual(["token-1", "token-2"]);
    for (const request of service.requests) {
      const { authorization } = request.headers;
      expect(authorization).toContain("x-amz-security-token");
      expect(authorization).toContain(`Signature=${signatureOf(request, "secret", "eu-north-1")}`);
    }
  });

  it("keeps its connection from call to call", async () => {
    const sqs = await sqsOn(() => sqsAnswer({}));
    for (let i = 0; i < 5; i++) await sqs.call("DeleteQueue", { QueueUrl: QUEUE }, 1000);
    expect(service!.connections).toBe(1);
  });

  const passing: readonly (readonly [string, FakeAnswer])[] = [
    ["a throttled one", sqsError(400, "RequestThrottled", "RequestThrottled")],
    ["one with status 503", sqsError(503, "ServiceUnavailable")],
    ["a connection closed without an answer", "hang-up"],
    ["an answer that is cut off", { ...(sqsAnswer({ Messages: [] }) as object), breakAfter: 5 }],
    ["no answer in time", "silence"],
    ["an answer that is not SQS's", { body: "<html>wait</html>" }],
    ["an error page", { status: 502, body: "<html>Bad Gateway</html>" }],
  ];
  it.each(passing)("repeats the request after %s", async (_, answer) => {
    const sqs = await sqsOn((_request, count) => (count === 1 ? answer : sqsAnswer({ QueueUrl: QUEUE })));
    expect(await sqs.call("GetQueueUrl", { QueueName: "q" }, 300)).toEqual({ QueueUrl: QUEUE });
    expect(service!.requests).toHaveLength(2);
  });

  it("does not repeat what SQS refuses, and says its name, message and status", async () => {
    const sqs = await sqsOn(() =>
      sqsError(400, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    );
    const error = await failureOf(sqs.call("DeleteQueue", { QueueUrl: QUEUE }, 1000));
    expect(error).toMatchObject({
      name: "QueueDoesNotExist",
      message: "said QueueDoesNotExist",
      $metadata: { httpStatusCode: 400, attempts: 1 },
    });
    expect(service!.requests).toHaveLength(1);
  });

  it("takes an error's older name where it has no other", async () => {
    const sqs = await sqsOn(() => ({
      status: 400,
      headers: { "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender" },
      body: "{}",
    }));
    const error = await failureOf(sqs.call("DeleteQueue", { QueueUrl: QUEUE }, 1000));
    expect(error.name).toBe("AWS.SimpleQueueService.NonExistentQueue");
  });

  it("gives up after its attempts and says how many", async () => {
    const sqs = await sqsOn(() => "hang-up");
    const error = await failureOf(sqs.call("DeleteQueue", { QueueUrl: QUEUE }, 1000));
    expect(error).toMatchObject({ code: "ECONNRESET", $metadata: { attempts: 3 } });
    expect(service!.requests).toHaveLength(3);
  });

  it("keeps texts of any language whole, however the answer is cut into packets", async () => {
    const body = "x".repeat(70_000) + "é漢🙂".repeat(20_000);
    const sqs = await sqsOn(() => sqsAnswer({ Messages: [{ Body: body }] }));
    const { Messages } = await sqs.call("ReceiveMessage", { QueueUrl: QUEUE }, 2000);
    expect(Messages![0]!.Body === body).toBe(true);
  });
});
