/** Which runs may change their workers while they continue. */
import { isDrawnJointly } from "../../compressors/index.ts";
import { type AlgorithmSpec, compressorOf, methodOf } from "../../methods/index.ts";

/** What of a spec decides it. */
export interface MembershipSpec {
  readonly algorithm: AlgorithmSpec<unknown>;
  readonly remainder: "spread" | "drop";
}

/**
 * Why this run's workers can't change while it continues; undefined where they can.
 *
 * Besides the method's own rule it takes row weights: then f = sum_i (m_i/N) f_i is the same whatever the partition.
 */
export function whyMembershipIsFixed({ algorithm, remainder }: MembershipSpec): string | undefined {
  const { membership } = methodOf(algorithm);
  if (typeof membership === "object") return membership.fixed;
  const compressor = compressorOf(algorithm);
  if (isDrawnJointly(compressor)) {
    return `${compressor.kind} shares the coordinates out among the workers, and can't for every number of them; take a compressor that each worker draws by itself, e.g. rand-k`;
  }
  if (remainder === "drop") {
    return 'with "remainder": "drop" the rows in use, and so f itself, depend on the number of workers; use "spread"';
  }
  return undefined;
}
