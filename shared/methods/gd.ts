/** GD: gradient descent, the uncompressed baseline. */
import * as z from "zod";
import { descent } from "./descent.ts";
import { defineMethod } from "./method.ts";
import { full } from "./requests.ts";
import { labelOf, MEASURED, PL, stepSize, THEOREM } from "./spec-fields.ts";
import { averageSmoothness, measuredBy, PL_NEEDS, type StepRule } from "./theory.ts";

const theory: StepRule<unknown> = {
  source: "the descent lemma",
  formula: "1/L_f",
  needs: ["average-smoothness"],
  value: (_spec, { smoothness }) => 1 / averageSmoothness(smoothness),
};

/** The error is zero: S = 0, and nothing bounds rho. */
const pl: StepRule<unknown> = {
  source: "the descent lemma under the Polyak-Lojasiewicz condition",
  formula: "1/L_f",
  needs: ["average-smoothness", ...PL_NEEDS],
  value: theory.value,
};

/**
 * Gradient descent.
 *
 *   g^t = mean_i grad f_i(x^t)
 *   x^{t+1} = x^t - gamma g^t
 *
 * x^t in R^d; n workers; a message is 32 d bits. Step by theory: gamma = 1/L_f, with which f never increases.
 * @example { "kind": "gd" }
 */
export const gd = defineMethod({
  schema: z.strictObject({
    kind: z.literal("gd"),
    stepSize: stepSize({ theory: THEOREM, pl: PL, measured: MEASURED }),
  }),
  example: { kind: "gd" },
  equation: ["g^t = mean_i grad f_i(x^t)", "x^{t+1} = x^t - gamma g^t"],
  label: labelOf,
  theory: { steps: { theory, pl, measured: measuredBy(theory) } },
  requests: [full],
  server: (_spec, numbers) => descent(numbers, full),
  workerState: null,
  membership: "any round",
});
