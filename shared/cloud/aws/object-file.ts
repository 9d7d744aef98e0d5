/** Any bucket's objects as files to read, with the caller's own credentials. */
import { HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { MarinaError } from "../../base/index.ts";
import type { Clock } from "../index.ts";
import { createS3Client } from "./clients.ts";
import { createSystemClock } from "./clock.ts";
import { errorName, errorStatus, explainAwsError } from "./errors.ts";
import { createS3ObjectStore } from "./object-store.ts";
import { throughProxy } from "./proxy.ts";

export interface ObjectFile {
  readonly bytes: number;
  /**
   * Bytes from `start` to before `end`.
   * @throws MarinaError "precondition-failed" when the object was written anew since it was opened.
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

export interface ObjectFiles {
  /** @throws MarinaError "usage" when there is no such object; "access", "unavailable". */
  open(bucket: string, key: string): Promise<ObjectFile>;
  /** Keys that begin with the prefix, in order. */
  list(bucket: string, prefix: string): Promise<readonly string[]>;
}

/** Credentials and endpoint as the AWS CLI finds them; the bucket may lie in another region. */
export function createObjectFiles(): ObjectFiles {
  return objectFiles(createS3Client({ ...throughProxy(), followRegionRedirects: true }), createSystemClock());
}

export function objectFiles(s3: S3Client, clock: Clock): ObjectFiles {
  return {
    async open(bucket, key) {
      const { bytes, etag } = await headOf(s3, bucket, key);
      const store = createS3ObjectStore(s3, bucket, clock);
      return {
        bytes,
        read: async (start, end) => (await store.get(key, { range: { start, end }, ifMatch: etag })).body,
      };
    },
    list: async (bucket, prefix) => {
      try {
        return await createS3ObjectStore(s3, bucket, clock).list(prefix);
      } catch (error) {
        if (!(error instanceof MarinaError) || errorName(error.cause) !== "NoSuchBucket") throw error;
        throw new MarinaError("usage", `s3://${bucket}: no such bucket`, { cause: error });
      }
    },
  };
}

async function headOf(
  s3: S3Client,
  bucket: string,
  key: string,
): Promise<{ readonly bytes: number; readonly etag: string }> {
  const location = `s3://${bucket}/${key}`;
  try {
    const { ContentLength, ETag } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    if (ContentLength === undefined || ETag === undefined) {
      throw new MarinaError("unavailable", `${location}: S3 answered without a length or an ETag`);
    }
    return { bytes: ContentLength, etag: ETag };
  } catch (error) {
    // The answer to HEAD has no body that would tell which.
    if (errorName(error) === "NotFound" || errorStatus(error) === 404) {
      throw new MarinaError("usage", `${location}: no such object, or no such bucket`, { cause: error });
    }
    throw explainAwsError(error, `S3 HeadObject ${location}`);
  }
}
