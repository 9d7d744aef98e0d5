/** When an object was written last. */
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { MarinaError } from "../../base/index.ts";
import { createS3Client } from "./clients.ts";
import { errorName, errorStatus, explainAwsError } from "./errors.ts";
import { throughProxy } from "./proxy.ts";

/** Milliseconds since 1970, exact to the second; undefined for a missing object. */
export async function lastModified(bucket: string, key: string): Promise<number | undefined> {
  const client = createS3Client(throughProxy());
  try {
    const { LastModified } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    if (LastModified === undefined)
      throw new MarinaError(
        "unavailable",
        `s3://${bucket}/${key}: S3 answered without the time of its writing`,
      );
    return LastModified.getTime();
  } catch (error) {
    if (errorName(error) === "NotFound" || errorStatus(error) === 404) return undefined;
    throw explainAwsError(error, `S3 HeadObject s3://${bucket}/${key}`);
  } finally {
    client.destroy();
  }
}
