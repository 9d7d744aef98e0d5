/** What is stored below a prefix: sizes and times, which the port's list does not tell. */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { createS3Client } from "./clients.ts";
import { explainAwsError } from "./errors.ts";
import { throughProxy } from "./proxy.ts";

export interface StoredFile {
  readonly key: string;
  readonly bytes: number;
  /** When it was written last, in milliseconds since 1970. */
  readonly writtenAt: number;
}

/** In lexicographic order of the keys. */
export async function storedObjects(bucket: string, prefix: string): Promise<StoredFile[]> {
  const client = createS3Client(throughProxy());
  const found: StoredFile[] = [];
  try {
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        if (Key !== undefined)
          found.push({ key: Key, bytes: Size ?? 0, writtenAt: LastModified?.getTime() ?? 0 });
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return found;
  } catch (error) {
    throw explainAwsError(error, `S3 ListObjectsV2 s3://${bucket}/${prefix}`);
  } finally {
    client.destroy();
  }
}
