/** Which runs may change their workers while they go on. */
import type { AlgorithmSpec } from "../../methods/index.ts";

/** What of a spec decides it. */
export interface ElasticSpec {
  readonly algorithm: Pick<AlgorithmSpec, "kind">;
  readonly remainder: "spread" | "drop";
}

/**
 * Why this run's workers can't change while it goes on; undefined where they can.
 *
 * At a dense round the server's estimate is the exact gradient of f = sum_i (m_i/N) f_i whatever the partition, so
 * nothing of the theory is lost there. That needs row weights, and workers that remember nothing.
 */
export function whyNotElastic({ algorithm, remainder }: ElasticSpec): string | undefined {
  if (algorithm.kind === "diana" || algorithm.kind === "vr-diana") {
    return `the workers of ${algorithm.kind} remember a shift each, which belongs to their rows; take a method without worker memory, e.g. marina`;
  }
  if (remainder === "drop") {
    return 'with "remainder": "drop" the rows in use, and so f itself, depend on the number of workers; use "spread"';
  }
  return undefined;
}
