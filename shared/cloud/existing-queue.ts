/** Looks for a queue that need not be there. */

import { MarinaError } from "../base/index.ts";
import type { MessageQueue, QueueAddress } from "./ports.ts";

/** Its address; undefined where there is no such queue. @throws every other failure. */
export async function existingQueue(
  queues: Pick<MessageQueue, "address">,
  name: string,
): Promise<QueueAddress | undefined> {
  try {
    return await queues.address(name);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    throw error;
  }
}
