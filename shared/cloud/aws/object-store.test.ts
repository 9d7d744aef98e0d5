import { afterEach, describe, expect, it, vi } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import type { ObjectStore } from "../ports.ts";
import { type ClientOptions, createS3Client } from "./clients.ts";
import { createS3ObjectStore } from "./object-store.ts";
import { createFakeClock, type FakeClock } from "./testing/fake-clock.ts";
import {
  type FakeAnswer,
  type FakeBehaviour,
  type FakeRequest,
  type FakeService,
  s3Error,
  startFakeService,
} from "./testing/fake-service.ts";

let service: FakeService | undefined;
let clock: FakeClock;

/** A store over a service that behaves so. */
async function storeOn(
  behaviour: FakeBehaviour,
  options: ClientOptions = { maxAttempts: 2 },
): Promise<ObjectStore> {
  service = await startFakeService(behaviour, options);
  clock = createFakeClock();
  return createS3ObjectStore(service.clients.s3, "bucket", clock);
}

/** All requests but those of another kind; a test asks about what it provoked. */
function requests(): readonly FakeRequest[] {
  return service!.requests;
}

async function failureOf(promise: Promise<unknown>): Promise<MarinaError> {
  const error = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MarinaError)) throw error;
  return error;
}

const object = (body: string, etag = '"e1"'): FakeAnswer => ({ body, headers: { etag } });
const stored: FakeAnswer = { headers: { etag: '"e2"' } };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

afterEach(async () => {
  vi.unstubAllEnvs();
  await service?.close();
  service = undefined;
});

describe("get", () => {
  it("returns the bytes and the ETag as S3 writes it", async () => {
    const store = await storeOn(() => object("abcdef"));
    const { body, etag } = await store.get("a/b");
    expect(Buffer.from(body).toString()).toBe("abcdef");
    expect(etag).toBe('"e1"');
    expect(requests()[0]!.path).toBe("/bucket/a/b");
  });

  it("returns memory that starts at its buffer's beginning, so that 8-byte views of it are possible", async () => {
    const store = await storeOn(() => object("12345678"));
    const { body } = await store.get("k");
    expect([body.byteOffset, body.buffer.byteLength]).toEqual([0, 8]);
  });

  it("asks for a range, whose end S3 counts in, under a condition", async () => {
    const store = await storeOn(() => ({ ...(object("cd") as object), status: 206 }));
    await store.get("k", { range: { start: 2, end: 4 }, ifMatch: '"e1"' });
    const { headers } = requests()[0]!;
    expect([headers.range, headers["if-match"]]).toEqual(["bytes=2-3", '"e1"']);
  });

  it("refuses an empty range before it asks", async () => {
    const store = await storeOn(() => object(""));
    expect((await failureOf(store.get("k", { range: { start: 3, end: 3 } }))).code).toBe("usage");
    expect(requests()).toHaveLength(0);
  });

  it("reads an empty object", async () => {
    const store = await storeOn(() => object(""));
    expect((await store.get("k")).body).toHaveLength(0);
  });

  it.each([
    [404, "NoSuchKey", "not-found"],
    [412, "PreconditionFailed", "precondition-failed"],
    [416, "InvalidRange", "usage"],
  ] as const)("turns status %i %s into %s", async (status, code, expected) => {
    const store = await storeOn(() => s3Error(status, code));
    const error = await failureOf(store.get("data/k", { ifMatch: '"x"' }));
    expect(error.code).toBe(expected);
    expect(error.message).toContain("s3://bucket/data/k");
  });

  it("reads again what broke off in the middle", async () => {
    const store = await storeOn((_, count) =>
      count < 3 ? { ...(object("abcdef") as object), breakAfter: 3 } : object("abcdef"),
    );
    expect(Buffer.from((await store.get("k")).body).toString()).toBe("abcdef");
    expect(requests()).toHaveLength(3);
    expect(clock.slept).toHaveLength(2);
  });

  it("gives up on what always breaks off", async () => {
    const store = await storeOn(() => ({ ...(object("abcdef") as object), breakAfter: 3 }));
    const error = await failureOf(store.get("k"));
    expect(error.code).toBe("unavailable");
    expect(requests()).toHaveLength(5);
  });

  it("does not repeat a get whose answer is final", async () => {
    const store = await storeOn(() => s3Error(404, "NoSuchKey"));
    await failureOf(store.get("k"));
    expect(requests()).toHaveLength(1);
  });

  it("gives a connection up on which nothing moves", async () => {
    const store = await storeOn(() => "silence", { maxAttempts: 2, objectIdleTimeoutMilliseconds: 60 });
    const error = await failureOf(store.get("k"));
    expect([error.code, requests().length]).toEqual(["unavailable", 2]);
  });
});

describe("errors that every operation knows", () => {
  it("repeats what S3 was too busy for, and succeeds", async () => {
    const store = await storeOn((_, count) => (count === 1 ? s3Error(503, "SlowDown") : object("x")));
    expect((await store.get("k")).body).toHaveLength(1);
  });

  it.each([
    ["SlowDown", s3Error(503, "SlowDown")],
    ["InternalError", s3Error(500, "InternalError")],
    ["a connection that is closed", "hang-up"],
  ] as const)("says how often it was tried in vain: %s", async (_, answer) => {
    const store = await storeOn(() => answer);
    const error = await failureOf(store.put("k", bytes("x")));
    expect(error.code).toBe("unavailable");
    expect(error.message).toMatch(/S3 PutObject s3:\/\/bucket\/k: no success after 2 attempts/);
    expect(requests()).toHaveLength(2);
  });

  it.each([
    [403, "AccessDenied", /access denied/],
    [400, "ExpiredToken", /have expired; sign in again/],
    [403, "InvalidAccessKeyId", /does not accept these credentials/],
    [403, "SignatureDoesNotMatch", /does not accept these credentials/],
    [403, "RequestTimeTooSkewed", /clock is wrong/],
    [404, "NoSuchBucket", /no such bucket/],
  ] as const)("explains status %i %s in one line and does not ask again", async (status, code, text) => {
    const store = await storeOn(() => s3Error(status, code), { maxAttempts: 1 });
    const error = await failureOf(store.get("k"));
    expect(error.code).toBe("access");
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain("\n");
    expect(requests()).toHaveLength(1);
  });

  it("names the region that a bucket lies in", async () => {
    const store = await storeOn(() => ({
      ...(s3Error(301, "PermanentRedirect") as object),
      headers: { "x-amz-bucket-region": "ap-south-1" },
    }));
    const error = await failureOf(store.list("runs/"));
    expect(error.code).toBe("access");
    expect(error.message).toContain("lies in ap-south-1");
  });

  it("refuses what is wrong in itself as usage, with S3's own words", async () => {
    const store = await storeOn(() => s3Error(400, "InvalidArgument"));
    const error = await failureOf(store.put("k", bytes("x")));
    expect(error.code).toBe("usage");
    expect(error.message).toContain("status 400 (InvalidArgument: said InvalidArgument)");
  });

  it("says where credentials are looked for when there are none", async () => {
    await storeOn(() => object("x"));
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, undefined);
    for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
      vi.stubEnv(name, "/nowhere/at/all");
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const s3 = createS3Client({ endpoint: service!.url });
    const error = await failureOf(createS3ObjectStore(s3, "bucket", clock).get("k"));
    expect(error.code).toBe("access");
    expect(error.message).toMatch(/found no AWS credentials; set AWS_PROFILE/);
    expect(requests()).toHaveLength(0);
  });
});

describe("put", () => {
  it("sends the bytes and returns the new ETag", async () => {
    const store = await storeOn(() => stored);
    expect(await store.put("k", bytes("hello"))).toBe('"e2"');
    expect(requests()[0]!.method).toBe("PUT");
    expect(requests()[0]!.body.toString()).toContain("hello");
  });

  it("sends its condition", async () => {
    const store = await storeOn(() => stored);
    await store.put("k", bytes(""), { ifNoneMatch: "*" });
    await store.put("k", bytes(""), { ifMatch: '"e1"' });
    expect(requests().map(({ headers }) => [headers["if-none-match"], headers["if-match"]])).toEqual([
      ["*", undefined],
      [undefined, '"e1"'],
    ]);
  });

  it("says that the condition does not hold, having tried once", async () => {
    const store = await storeOn(() => s3Error(412, "PreconditionFailed"));
    expect((await failureOf(store.put("k", bytes("x"), { ifNoneMatch: "*" }))).code).toBe(
      "precondition-failed",
    );
    expect(requests()).toHaveLength(1);
  });

  /** An S3 with one object, before which a proxy loses the first reply to a write that took effect. */
  function losing(
    reply: FakeAnswer,
    held?: string,
  ): { readonly behaviour: FakeBehaviour; object(): string | undefined } {
    let body = held;
    let lost = false;
    const behaviour: FakeBehaviour = ({ method, headers, body: sent }) => {
      const etag = (): string => `"${body}"`;
      if (method === "GET") return body === undefined ? s3Error(404, "NoSuchKey") : object(body, etag());
      const isMet = headers["if-none-match"] === "*" ? body === undefined : headers["if-match"] === etag();
      if (!isMet) return s3Error(412, "PreconditionFailed");
      // The SDK sends bodies in chunks with a checksum behind them.
      body = sent.toString().split("\r\n").length > 1 ? sent.toString().split("\r\n")[1]! : sent.toString();
      if (lost) return { headers: { etag: etag() } };
      lost = true;
      return reply;
    };
    return { behaviour, object: () => body };
  }

  it.each([
    ["replaced by a 503", s3Error(503, "ServiceUnavailable")],
    ["lost", "hang-up"],
  ] as const)("knows its own bytes where the reply to a conditional write was %s", async (_, reply) => {
    const created = losing(reply);
    const store = await storeOn(created.behaviour);
    expect(await store.put("runs/r/spec.json", bytes("mine"), { ifNoneMatch: "*" })).toBe('"mine"');
    expect(created.object()).toBe("mine");
    await service!.close();
    const replaced = losing(reply, "old");
    const other = await storeOn(replaced.behaviour);
    expect(await other.put("datasets/d/manifest.json", bytes("new"), { ifMatch: '"old"' })).toBe('"new"');
  });

  it("knows them also where every reply was lost", async () => {
    let body: string | undefined;
    const store = await storeOn(({ method }) => {
      if (method === "GET") return object(body!, '"own"');
      body = "mine";
      return s3Error(503, "ServiceUnavailable");
    });
    expect(await store.put("k", bytes("mine"), { ifNoneMatch: "*" })).toBe('"own"');
  });

  it("does not take another's bytes for its own, nor equal ones that it met at its first attempt", async () => {
    let count = 0;
    const store = await storeOn(({ method }) =>
      method === "GET"
        ? object("theirs")
        : count++ === 0
          ? s3Error(503, "SlowDown")
          : s3Error(412, "PreconditionFailed"),
    );
    expect((await failureOf(store.put("k", bytes("mine"), { ifNoneMatch: "*" }))).code).toBe(
      "precondition-failed",
    );
    await service!.close();
    const equal = losing("hang-up", "mine");
    const second = await storeOn(equal.behaviour);
    expect((await failureOf(second.put("k", bytes("mine"), { ifNoneMatch: "*" }))).code).toBe(
      "precondition-failed",
    );
    expect(requests()).toHaveLength(1);
  });

  it("says that the object of an If-Match is gone", async () => {
    const store = await storeOn(() => s3Error(404, "NoSuchKey"));
    expect((await failureOf(store.put("k", bytes("x"), { ifMatch: '"e1"' }))).code).toBe("not-found");
  });

  it("tries again when another write was under way", async () => {
    const store = await storeOn((_, count) =>
      count < 3 ? s3Error(409, "ConditionalRequestConflict") : stored,
    );
    expect(await store.put("k", bytes("x"), { ifMatch: '"e1"' })).toBe('"e2"');
    expect(clock.slept).toHaveLength(2);
  });

  it("gives up after five conflicts", async () => {
    const store = await storeOn(() => s3Error(409, "ConditionalRequestConflict"));
    expect((await failureOf(store.put("k", bytes("x")))).code).toBe("unavailable");
    expect(requests()).toHaveLength(5);
  });

  it.each([
    ["runs/r/iterates/0000000001", "marina-lifetime=round"],
    ["runs/r/contributions/0000000001/0000000002", "marina-lifetime=round"],
    ["runs/r/checkpoint", undefined],
    ["runs/r/memory/0000000001/0000000002", undefined],
    ["datasets/d/iterates/x", undefined],
  ])("tags what the bucket may forget, and nothing else: %s", async (key, tag) => {
    const store = await storeOn(() => stored);
    await store.put(key, bytes("x"));
    expect(requests()[0]!.headers["x-amz-tagging"]).toBe(tag);
  });
});

describe("delete", () => {
  it("takes a missing key for deleted", async () => {
    const store = await storeOn(() => s3Error(404, "NoSuchKey"));
    await expect(store.delete("k")).resolves.toBeUndefined();
  });

  it("does not take a missing bucket for deleted", async () => {
    const store = await storeOn(() => s3Error(404, "NoSuchBucket"));
    expect((await failureOf(store.delete("k"))).code).toBe("access");
  });
});

describe("list", () => {
  it("follows pages to their end", async () => {
    const page = (keys: string[], next?: string): FakeAnswer => ({
      headers: { "content-type": "application/xml" },
      body: `<ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`}${keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("")}</ListBucketResult>`,
    });
    const store = await storeOn(({ query }) =>
      query.get("continuation-token") === null ? page(["runs/a", "runs/b"], "more") : page(["runs/c"]),
    );
    expect(await store.list("runs/")).toEqual(["runs/a", "runs/b", "runs/c"]);
    expect(requests().map(({ query }) => [query.get("prefix"), query.get("continuation-token")])).toEqual([
      ["runs/", null],
      ["runs/", "more"],
    ]);
  });

  it("is empty where nothing begins so", async () => {
    const store = await storeOn(() => ({
      body: "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
    }));
    expect(await store.list("x")).toEqual([]);
  });
});
