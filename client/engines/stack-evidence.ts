/** What a deployed stack shows of a run that has no result: asked of S3 and SQS. */

import { MarinaError } from "../../shared/base/index.ts";
import { type DeployedStack, messagesIn, secondsSinceWrite } from "../../shared/cloud/aws/index.ts";
import { checkpointKey, specKey } from "../../shared/protocol/index.ts";
import type { StackEvidence } from "./liveness.ts";

export async function stackEvidence(stack: DeployedStack, run: string): Promise<StackEvidence> {
  const [written, controlMessages] = await Promise.all([
    secondsSinceWrite(stack.bucket, checkpointKey(run)),
    countOrUnknown(stack),
  ]);
  const begun = written !== undefined;
  const since = written ?? (await secondsSinceWrite(stack.bucket, specKey(run)));
  if (since === undefined)
    throw new MarinaError(
      "not-found",
      `run ${run} was deleted: s3://${stack.bucket}/${specKey(run)} is gone`,
    );
  return { secondsSinceWrite: since, begun, controlMessages };
}

/** Who may not ask for the queue's attributes is told by the checkpoint's age alone. */
async function countOrUnknown({ controlQueue }: DeployedStack): Promise<number | undefined> {
  try {
    return await messagesIn(controlQueue);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "access") return undefined;
    throw error;
  }
}
