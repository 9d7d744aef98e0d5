/** Objects in one S3 bucket. */
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { MarinaError } from "../../base/index.ts";
import { isTransientKey, TRANSIENT_TAG } from "../../protocol/index.ts";
import type { ByteRange, Clock, ObjectStore, PutCondition, StoredObject } from "../index.ts";
import { attemptsOf, errorName, errorStatus, explainAwsError } from "./errors.ts";
import { uploadStream } from "./multipart-upload.ts";
import { backOff } from "./retry.ts";

/** Attempts of what the SDK does not repeat: a body that breaks off, a write that met a concurrent one. */
const ATTEMPTS = 5;

/** Objects under these keys may be had again at any time, so the bucket forgets them by itself. */
function taggingOf(key: string): { Tagging?: string } {
  return isTransientKey(key) ? { Tagging: `${TRANSIENT_TAG.key}=${TRANSIENT_TAG.value}` } : {};
}

/**
 * The ObjectStore port on S3. Besides the port's own errors it throws MarinaError "access" (credentials, permissions, no
 * such bucket, another region) and "usage" (a request that S3 refuses). One long closure and no class: ports are spread and wrapped
 * by who counts or disturbs their calls; each method is short.
 */
export function createS3ObjectStore(s3: S3Client, bucket: string, clock: Clock): ObjectStore {
  const location = (key: string): string => `s3://${bucket}/${key}`;

  /** Port errors of a request on a key; everything else as `explainAwsError` has it. */
  const explain = (error: unknown, operation: string, key: string): unknown => {
    const name = errorName(error);
    const status = errorStatus(error);
    if (status === 412 || name === "PreconditionFailed") {
      return new MarinaError(
        "precondition-failed",
        `${location(key)}: someone else wrote it, the condition does not hold`,
        {
          cause: error,
        },
      );
    }
    if (name === "NoSuchKey" || name === "NotFound") {
      return new MarinaError("not-found", `${location(key)}: no such key`, { cause: error });
    }
    if (status === 416 || name === "InvalidRange") {
      return new MarinaError("usage", `${location(key)}: the range selects nothing of the object's bytes`, {
        cause: error,
      });
    }
    return explainAwsError(error, `S3 ${operation} ${location(key)}`);
  };

  const getOnce = async (
    key: string,
    { range, ifMatch }: { readonly range?: ByteRange; readonly ifMatch?: string },
  ): Promise<StoredObject> => {
    const found = await s3.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
        ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
      }),
    );
    if (found.ETag === undefined)
      throw new MarinaError("unavailable", `${location(key)}: S3 answered without an ETag`);
    return { body: await readBody(found, location(key)), etag: found.ETag };
  };

  /**
   * A conditional write whose reply was lost, or replaced by an error, is repeated by the SDK and then meets itself: where the
   * object has just these bytes, it took effect. Asked after a repetition only: equal bytes that the first attempt met are
   * another's.
   */
  const etagIfOwn = async (key: string, body: Uint8Array): Promise<string | undefined> => {
    try {
      const found = await getOnce(key, {});
      return Buffer.compare(found.body, body) === 0 ? found.etag : undefined;
    } catch {
      // The error that made us ask is the one to report.
      return undefined;
    }
  };

  const put = async (key: string, body: Uint8Array, condition?: PutCondition): Promise<string> => {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ...taggingOf(key),
      ...conditionOf(condition),
    });
    for (let attempt = 1; ; attempt++) {
      try {
        const { ETag } = await s3.send(command);
        if (ETag === undefined)
          throw new MarinaError("unavailable", `${location(key)}: S3 answered without an ETag`);
        return ETag;
      } catch (error) {
        const repeated = attempt > 1 || attemptsOf(error) > 1;
        if (condition !== undefined && repeated && !isConflict(error)) {
          const etag = await etagIfOwn(key, body);
          if (etag !== undefined) return etag;
        }
        if (!isConflict(error)) throw explain(error, "PutObject", key);
        if (attempt === ATTEMPTS) {
          throw new MarinaError(
            "unavailable",
            `${location(key)}: conflicts with other writes, ${ATTEMPTS} attempts long`,
            {
              cause: error,
            },
          );
        }
        await backOff(clock, attempt);
      }
    }
  };

  return {
    async get(key, options = {}) {
      const { range } = options;
      if (range !== undefined && !(range.start >= 0 && range.start < range.end)) {
        throw new MarinaError(
          "usage",
          `${location(key)}: range ${range.start} to ${range.end} (exclusive) selects nothing`,
        );
      }
      for (let attempt = 1; ; attempt++) {
        try {
          return await getOnce(key, options);
        } catch (error) {
          // The SDK repeats requests; a body that breaks off after a good status is left to its reader.
          const explained = error instanceof BrokenBody ? error.explained : explain(error, "GetObject", key);
          if (!(error instanceof BrokenBody) || attempt === ATTEMPTS) throw explained;
          await backOff(clock, attempt);
        }
      }
    },
    put,
    putStream: (key, chunks) =>
      uploadStream({
        s3,
        bucket,
        key,
        chunks,
        tagging: taggingOf(key),
        putWhole: (body) => put(key, body),
        explain: (error, operation) => explain(error, operation, key),
      }),
    async delete(key) {
      try {
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      } catch (error) {
        const explained = explain(error, "DeleteObject", key);
        if (!(explained instanceof MarinaError && explained.code === "not-found")) throw explained;
      }
    },
    async list(prefix) {
      const keys: string[] = [];
      let token: string | undefined;
      try {
        do {
          const page = await s3.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
          );
          for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
          token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
        } while (token !== undefined);
      } catch (error) {
        throw explain(error, "ListObjectsV2", prefix);
      }
      return keys;
    },
  };
}

function conditionOf(condition: PutCondition | undefined): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition === undefined) return {};
  return "ifNoneMatch" in condition ? { IfNoneMatch: condition.ifNoneMatch } : { IfMatch: condition.ifMatch };
}

/** Another write or a deletion of the same key was under way: S3 decided nothing and asks to try again. */
function isConflict(error: unknown): boolean {
  return errorName(error) === "ConditionalRequestConflict" || errorStatus(error) === 409;
}

/** A body that ended before its announced end. */
class BrokenBody extends Error {
  readonly explained: MarinaError;
  constructor(where: string, problem: string, cause: unknown) {
    super(problem, { cause });
    this.explained = new MarinaError(
      "unavailable",
      `${where}: the transfer broke off ${ATTEMPTS} times: ${problem}`,
      { cause },
    );
  }
}

/**
 * Reads a body into memory of its announced size: joined from chunks it would take twice that, and a data set is most of
 * what a function's memory holds. (Fresh memory is also aligned, as the views into it need.)
 */
async function readBody({ Body, ContentLength }: GetObjectCommandOutput, where: string): Promise<Uint8Array> {
  if (!(Body instanceof Readable) || ContentLength === undefined) {
    throw new MarinaError("unavailable", `${where}: S3 answered without a body or without its length`);
  }
  const bytes = new Uint8Array(ContentLength);
  let at = 0;
  try {
    for await (const chunk of Body as AsyncIterable<Uint8Array>) {
      if (at + chunk.length > ContentLength)
        throw new Error(`more than the announced ${ContentLength} bytes`);
      bytes.set(chunk, at);
      at += chunk.length;
    }
  } catch (error) {
    throw new BrokenBody(where, error instanceof Error ? error.message : String(error), error);
  }
  if (at !== ContentLength) throw new BrokenBody(where, `${at} of ${ContentLength} bytes came`, undefined);
  return bytes;
}
