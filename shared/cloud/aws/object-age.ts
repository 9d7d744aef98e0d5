/** How long ago an object was written, by the store's own clock: that of this machine may be wrong. */
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { MarinaError } from "../../base/index.ts";
import { createS3Client } from "./clients.ts";
import { errorName, errorStatus, explainAwsError } from "./errors.ts";

/** Seconds, exact to one; undefined for a missing object. */
export async function secondsSinceWrite(bucket: string, key: string): Promise<number | undefined> {
  const client = createS3Client({});
  let answeredAt: number | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const headers = (answer.response as { readonly headers?: Readonly<Record<string, string>> }).headers;
      answeredAt = Date.parse(headers?.["date"] ?? "");
      return answer;
    },
    { step: "deserialize", name: "timeOfTheAnswer", priority: "low" },
  );
  try {
    const { LastModified } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    if (LastModified === undefined || answeredAt === undefined || Number.isNaN(answeredAt)) {
      throw new MarinaError(
        "unavailable",
        `s3://${bucket}/${key}: S3 answered without the time of its writing, or of its answer`,
      );
    }
    return Math.max(0, (answeredAt - LastModified.getTime()) / 1000);
  } catch (error) {
    if (errorName(error) === "NotFound" || errorStatus(error) === 404) return undefined;
    throw explainAwsError(error, `S3 HeadObject s3://${bucket}/${key}`);
  } finally {
    client.destroy();
  }
}
