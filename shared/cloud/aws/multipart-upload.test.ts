import { afterEach, describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import type { ObjectStore } from "../ports.ts";
import { PART_BYTES } from "./multipart-upload.ts";
import { createS3ObjectStore } from "./object-store.ts";
import { createFakeClock } from "./testing/fake-clock.ts";
import {
  type FakeAnswer,
  type FakeRequest,
  type FakeService,
  s3Error,
  startFakeService,
} from "./testing/fake-service.ts";

let service: FakeService | undefined;

afterEach(async () => {
  await service?.close();
  service = undefined;
});

/** What a request of an upload is. */
function kindOf({ method, query }: FakeRequest): string {
  if (query.has("uploads")) return "begin";
  if (query.has("partNumber")) return `part ${query.get("partNumber")}`;
  if (query.has("uploadId")) return method === "DELETE" ? "abort" : "complete";
  return method;
}

const xml = (body: string): FakeAnswer => ({ headers: { "content-type": "application/xml" }, body });

/** S3's side of an upload that goes well. */
function accept(request: FakeRequest): FakeAnswer {
  switch (kindOf(request).split(" ")[0]) {
    case "begin":
      return xml("<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>");
    case "part":
      return { headers: { etag: `"p${request.query.get("partNumber")}"` } };
    case "complete":
      return xml('<CompleteMultipartUploadResult><ETag>"whole-3"</ETag></CompleteMultipartUploadResult>');
    case "abort":
      return { status: 204 };
    default:
      return { headers: { etag: '"single"' } };
  }
}

async function storeOn(
  behaviour: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>,
): Promise<ObjectStore> {
  service = await startFakeService(behaviour, { maxAttempts: 1 });
  return createS3ObjectStore(service.clients.s3, "bucket", createFakeClock());
}

const kinds = (): string[] => service!.requests.map(kindOf);

/** Bytes that differ from place to place. */
function pattern(length: number): Buffer {
  const result = Buffer.alloc(length);
  for (let i = 0; i < length; i++) result[i] = (i * 7 + (i >> 13)) & 255;
  return result;
}

async function* inChunks(
  whole: Uint8Array,
  size: number,
  taken?: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) {
    taken?.(at + size);
    yield whole.subarray(at, at + size);
  }
}

describe("putStream", () => {
  it("writes what fits into one part with one request", async () => {
    const store = await storeOn(accept);
    const whole = pattern(PART_BYTES - 1);
    expect(await store.putStream("k", inChunks(whole, 1_000_003))).toBe('"single"');
    expect(kinds()).toEqual(["PUT"]);
    expect(service!.requests[0]!.body.equals(whole)).toBe(true);
  });

  it("writes an empty stream as an empty object", async () => {
    const store = await storeOn(accept);
    expect(await store.putStream("k", inChunks(new Uint8Array(0), 1))).toBe('"single"');
    expect(service!.requests[0]!.body).toHaveLength(0);
  });

  it.each([999_983, 3 * PART_BYTES])(
    "writes parts that together are the stream, in chunks of %i",
    async (size) => {
      const store = await storeOn(accept);
      const whole = pattern(2 * PART_BYTES + 12_345);
      expect(await store.putStream("k", inChunks(whole, size))).toBe('"whole-3"');
      const parts = service!.requests
        .filter(({ query }) => query.has("partNumber"))
        .sort((a, b) => Number(a.query.get("partNumber")) - Number(b.query.get("partNumber")));
      expect(Buffer.concat(parts.map(({ body }) => body)).equals(whole)).toBe(true);
      expect(parts.map(({ body }) => body.length)).toEqual([PART_BYTES, PART_BYTES, 12_345]);
    },
  );

  it("completes with every part's number and ETag, in order", async () => {
    // The first part's answer comes last.
    const store = await storeOn(async (request) => {
      if (kindOf(request) === "part 1") await new Promise((resolve) => setTimeout(resolve, 100));
      return accept(request);
    });
    await store.putStream("k", inChunks(pattern(3 * PART_BYTES), PART_BYTES));
    const body = service!.requests.find((request) => kindOf(request) === "complete")!.body.toString();
    const numbers = [...body.matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => number);
    const etags = [...body.matchAll(/<ETag>(?:"|&quot;)(p\d)/g)].map(([, etag]) => etag);
    expect([numbers, etags]).toEqual([
      ["1", "2", "3"],
      ["p1", "p2", "p3"],
    ]);
  });

  it("holds no more than four parts at a time, however slow the service", async () => {
    const store = await storeOn(async (request) => {
      if (request.query.has("partNumber")) await new Promise((resolve) => setTimeout(resolve, 30));
      return accept(request);
    });
    let answered = 0;
    let mostAhead = 0;
    const taken = (bytes: number): void => {
      answered = service!.requests.filter(({ query }) => query.has("partNumber")).length;
      mostAhead = Math.max(mostAhead, bytes / PART_BYTES - answered);
    };
    await store.putStream("k", inChunks(pattern(6 * PART_BYTES), PART_BYTES, taken));
    expect(service!.mostAtOnce).toBeLessThanOrEqual(3);
    expect(mostAhead).toBeLessThanOrEqual(4);
  });

  it("gives the upload up when the chunks fail, and throws on what they threw", async () => {
    const store = await storeOn(accept);
    const failure = new MarinaError("data", "line 7: expected a label");
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield pattern(PART_BYTES + 1);
      throw failure;
    };
    await expect(store.putStream("k", chunks())).rejects.toBe(failure);
    expect(kinds()).toContain("abort");
    expect(kinds()).not.toContain("complete");
  });

  it("changes nothing when the chunks fail within the first part", async () => {
    const store = await storeOn(accept);
    const failure = new Error("broken pipe");
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield pattern(10);
      throw failure;
    };
    await expect(store.putStream("k", chunks())).rejects.toBe(failure);
    expect(kinds()).toEqual([]);
  });

  it("gives the upload up when a part is refused", async () => {
    const store = await storeOn((request) =>
      kindOf(request) === "part 2" ? s3Error(403, "AccessDenied") : accept(request),
    );
    const error = await store
      .putStream("k", inChunks(pattern(4 * PART_BYTES), PART_BYTES))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "access",
      message: expect.stringContaining("S3 UploadPart 2 s3://bucket/k"),
    });
    expect(kinds().at(-1)).toBe("abort");
  });

  it("reports why it gave up even when giving up fails too", async () => {
    const store = await storeOn((request) => {
      if (kindOf(request) === "complete") return s3Error(400, "InvalidPart");
      return kindOf(request) === "abort" ? s3Error(403, "AccessDenied") : accept(request);
    });
    const error = await store
      .putStream("k", inChunks(pattern(PART_BYTES), PART_BYTES))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining("InvalidPart") });
  });

  it("takes an error in the body of a successful answer for an error", async () => {
    // S3 answers a completion at once and may find out later that it can't be done.
    const store = await storeOn((request) =>
      kindOf(request) === "complete"
        ? { ...(s3Error(200, "InternalError") as object), status: 200 }
        : accept(request),
    );
    const error = await store
      .putStream("k", inChunks(pattern(PART_BYTES), PART_BYTES))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "unavailable" });
    expect(kinds().at(-1)).toBe("abort");
  });
});
