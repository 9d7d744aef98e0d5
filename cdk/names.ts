/** Names that the stack and the program derive from the stack's name. */
import { createHash } from "node:crypto";

/** SQS takes 80 characters; a run's own part of its queue's name is 56 long (see shared/protocol/keys.ts). */
const PREFIX_LIMIT = 24;
const DIGEST_DIGITS = 7;

/**
 * What the run queues of a stack begin with. Two stacks of one account never meet: a stack's name has no underscore, so
 * no prefix is the beginning of another one; a name that is too long is cut and told apart by a digest.
 */
export function queuePrefix(stackName: string): string {
  if (stackName.length < PREFIX_LIMIT) return `${stackName}_`;
  const digest = createHash("sha256").update(stackName).digest("hex").slice(0, DIGEST_DIGITS);
  return `${stackName.slice(0, PREFIX_LIMIT - DIGEST_DIGITS - 2)}_${digest}_`;
}
