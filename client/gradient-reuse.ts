/** What becomes of the workers' gradients between rounds, and what that costs: by the rule that the aggregator decides by. */
import { keepsGradients, keptGradient, reuseUsd, shardsPerTaskOf } from "../lambdas/aggregator/index.ts";
import { bytes, dollars } from "../shared/base/index.ts";
import type { Manifest } from "../shared/data/index.ts";
import { reusesGradients } from "../shared/methods/index.ts";
import type { Problem } from "../shared/problems/index.ts";
import type { RunSpec } from "../shared/protocol/index.ts";
import { mostTakingPart } from "./most-taking-part.ts";

/** Rounds that dollars are told of. */
const ROUNDS = 1000;

/**
 * In one line, of the most workers that the run has; undefined where gradients are computed again and that is the cheaper way, as in
 * all small problems.
 */
export function reuseText(spec: RunSpec, manifest: Manifest, problem: Problem): string | undefined {
  const { algorithm } = spec;
  if (!reusesGradients(algorithm)) return undefined;
  const { workers, participants } = mostTakingPart(spec);
  const shardsPerTask = shardsPerTaskOf(spec, workers, manifest, problem);
  const gradient = keptGradient({ workers, participants, shardsPerTask }, manifest, problem);
  const kept = keepsGradients(spec, gradient);
  const { computing, keeping } = reuseUsd(gradient);
  if (!kept && computing <= keeping) return undefined;
  const usd = (each: number) => `$${dollars(ROUNDS * (participants ?? workers) * each)}`;
  const compared = `${usd(keeping)} per 1,000 compressed rounds, computing them again ${usd(computing)}`;
  return kept
    ? `gradients: kept in the store for the next round, ${bytes(8 * gradient.dimension)} each, a put and a get: ${compared}`
    : `gradients: computed again where no environment holds them; kept in the store ("reuse": "store"): ${compared}`;
}
