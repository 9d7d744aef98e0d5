/** Where a run's step size comes from, and what is promised of it, for people. */
import { short } from "../../shared/base/index.ts";
import { stepFrom } from "../../shared/methods/index.ts";
import type { Constants, RunSpec } from "../../shared/protocol/index.ts";

/** A line for its source, and for a step under the Polyak-Lojasiewicz condition one for its promise. */
export function stepTexts(
  { algorithm }: Pick<RunSpec, "algorithm">,
  { mu, stepSize, guaranteedRounds }: Pick<Constants, "mu" | "stepSize" | "guaranteedRounds">,
): string[] {
  const from = stepFrom(algorithm);
  if (mu === undefined || stepSize === 0) return [from];
  const rate = `E f(x^T) - f_* <= (1 - ${short(stepSize * mu)})^T (f(x^0) - f_*), μ ${short(mu)}`;
  const rounds =
    guaranteedRounds === undefined
      ? `a tenth after ${Math.ceil(Math.LN10 / (stepSize * mu)).toLocaleString("en-US")} rounds`
      : `E|∇f(x^T)|² as small as asked for after ${guaranteedRounds.toLocaleString("en-US")} rounds at most`;
  return [from, `${rate}: ${rounds}`];
}
