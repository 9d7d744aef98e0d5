/** A stream of chunks as one object, in parts, with bounded memory. */
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { MarinaError } from "../../base/index.ts";

/** S3 wants 5 MiB to 5 GiB a part (the last may be smaller) ... */
export const PART_BYTES = 8 * 1024 * 1024;
/** ... and at most so many parts. */
const MAX_PARTS = 10_000;
/** Parts on their way at one time: with the one being filled, all the memory that an upload takes. */
const PARTS_IN_FLIGHT = 3;

export interface StreamUpload {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly key: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly tagging: { readonly Tagging?: string };
  /** For what fits into one part: a simple write, one request instead of three. */
  readonly putWhole: (body: Uint8Array) => Promise<string>;
  readonly explain: (error: unknown, operation: string) => unknown;
}

/**
 * Uploads and returns the ETag. The object appears when all of it is there; when anything fails, what was uploaded is
 * given up, and an error of `chunks` itself is thrown on unchanged.
 */
export async function uploadStream(upload: StreamUpload): Promise<string> {
  const parts = partsOf(upload.chunks);
  const first = await parts.next();
  if (first.done === true) return upload.putWhole(new Uint8Array(0));
  if (first.value.length < PART_BYTES) return upload.putWhole(first.value);
  const id = await begin(upload);
  try {
    return await complete(upload, id, await uploadParts(upload, id, first.value, parts));
  } catch (error) {
    await abort(upload, id);
    throw error;
  }
}

/** Chunks of any sizes, gathered into parts of PART_BYTES; the last one is shorter. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const chunk of chunks) {
    let taken = 0;
    while (taken < chunk.length) {
      const count = Math.min(chunk.length - taken, PART_BYTES - filled);
      part.set(chunk.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      if (filled === PART_BYTES) {
        yield part;
        part = new Uint8Array(PART_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
  return undefined;
}

async function begin({ s3, bucket, key, tagging, explain }: StreamUpload): Promise<string> {
  try {
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ChecksumAlgorithm: "CRC32", ...tagging }),
    );
    if (UploadId === undefined)
      throw new MarinaError("unavailable", `s3://${bucket}/${key}: S3 began an upload without an id`);
    return UploadId;
  } catch (error) {
    throw explain(error, "CreateMultipartUpload");
  }
}

async function uploadParts(
  upload: StreamUpload,
  id: string,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): Promise<CompletedPart[]> {
  const completed: CompletedPart[] = [];
  const inFlight = new Set<Promise<void>>();
  let failure: unknown;
  let count = 0;
  const launch = async (body: Uint8Array): Promise<void> => {
    const number = ++count;
    if (number > MAX_PARTS) {
      throw new MarinaError(
        "limit",
        `s3://${upload.bucket}/${upload.key}: an object of more than ${(MAX_PARTS * PART_BYTES) / 2 ** 30} GiB; S3 takes ${MAX_PARTS} parts`,
      );
    }
    const sent: Promise<void> = uploadPart(upload, id, number, body)
      .then(
        (part) => {
          completed[number - 1] = part;
        },
        (error: unknown) => {
          failure ??= error;
        },
      )
      .finally(() => inFlight.delete(sent));
    inFlight.add(sent);
    if (inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(inFlight);
    if (failure !== undefined) throw failure;
  };
  try {
    await launch(first);
    for await (const part of rest) await launch(part);
  } finally {
    // A part that arrives after the abort would stay behind: wait, whatever happened.
    await Promise.all(inFlight);
  }
  if (failure !== undefined) throw failure;
  return completed;
}

async function uploadPart(
  { s3, bucket, key, explain }: StreamUpload,
  id: string,
  number: number,
  body: Uint8Array,
): Promise<CompletedPart> {
  try {
    const { ETag, ChecksumCRC32 } = await s3.send(
      new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: id,
        PartNumber: number,
        Body: body,
        ChecksumAlgorithm: "CRC32",
      }),
    );
    if (ETag === undefined)
      throw new MarinaError("unavailable", `s3://${bucket}/${key}: S3 took part ${number} without an ETag`);
    return { PartNumber: number, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
  } catch (error) {
    throw explain(error, `UploadPart ${number}`);
  }
}

async function complete(
  { s3, bucket, key, explain }: StreamUpload,
  id: string,
  parts: readonly CompletedPart[],
): Promise<string> {
  try {
    const { ETag } = await s3.send(
      new CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        UploadId: id,
        MultipartUpload: { Parts: [...parts] },
      }),
    );
    if (ETag === undefined)
      throw new MarinaError("unavailable", `s3://${bucket}/${key}: S3 completed an upload without an ETag`);
    return ETag;
  } catch (error) {
    throw explain(error, "CompleteMultipartUpload");
  }
}

/** Best effort: the bucket's lifecycle rule removes what stays behind. */
async function abort({ s3, bucket, key }: StreamUpload, id: string): Promise<void> {
  try {
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id }));
  } catch {
    // The error that made us give up is the one to report.
  }
}
