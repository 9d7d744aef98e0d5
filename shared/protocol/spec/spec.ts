/** The spec of a run: what people write. One zod schema gives the types, the defaults, the JSON schema and the errors. */
import * as z from "zod";
import { tolerated } from "../../aggregation/index.ts";
import { checked } from "../../base/index.ts";
import {
  aggregationOf,
  algorithmSchema,
  keepsPrevious,
  participantsAsked,
  reusesGradients,
  samplesByImportance,
} from "../../methods/index.ts";
import {
  PROBLEM_KINDS,
  type ProblemSpec,
  problemOf,
  problemSchema,
  whyNoSmoothness,
} from "../../problems/index.ts";
import { whyMembershipIsFixed } from "./fixed-membership.ts";
import { startOfFile, startOfRun } from "./given-start.ts";
import { heldOutSchema } from "./held-out.ts";
import { NAME_PATTERN, NAME_RULE } from "./names.ts";
import { workersAsked, workersSchema } from "./schedule.ts";

const positiveInteger = z.int().min(1);
const dataName = z.string().regex(NAME_PATTERN, `expected ${NAME_RULE}`);

const stop = z.strictObject({
  rounds: z.int().min(1).max(4_000_000_000).describe("At most so many rounds: every run is bounded."),
  relativeGradientNormSquared: z
    .number()
    .positive()
    .exactOptional()
    .describe("Stop at the first evaluated x^k with |grad f(x^k)|^2 <= this times |grad f(x^0)|^2."),
  gradientNormSquared: z
    .number()
    .positive()
    .exactOptional()
    .describe("Stop at the first evaluated x^k with |grad f(x^k)|^2 <= this."),
  usd: z
    .number()
    .positive()
    .exactOptional()
    .describe(
      "Spend no more than so many dollars: a round is sent only if it fits, at the price of the dearest one so far.",
    ),
  seconds: z
    .number()
    .positive()
    .exactOptional()
    .describe(
      "Take no longer than so many seconds: a round is sent only if it fits, at the length of the longest one so far.",
    ),
});

const checkpointEvery = z
  .union([
    positiveInteger,
    z.strictObject({
      seconds: z.number().positive().describe("Seconds from one stored iterate to the next."),
    }),
  ])
  .default(1)
  .describe('Rounds from one stored iterate to the next, or { "seconds": 30 }.');

export const runSpecSchema = z
  .strictObject({
    $schema: z.string().exactOptional(),
    name: z
      .string()
      .regex(NAME_PATTERN, `expected ${NAME_RULE}`)
      .exactOptional()
      .describe("Name of the run; default: from the method and data set."),
    data: dataName.describe("Name of an imported data set."),
    workers: workersSchema,
    remainder: z
      .enum(["spread", "drop"])
      .default("spread")
      .describe(
        'Rows left over by an even split: "spread" over the first workers, or "drop" (as in the paper\'s experiments).',
      ),
    problem: problemSchema,
    smoothness: z
      .enum(["exact", "max-row"])
      .default("exact")
      .describe(
        'Smoothness constants from spectral norms, or the cruder "max-row" ones of the authors\' code.',
      ),
    algorithm: algorithmSchema,
    start: z
      .union([
        z.enum(["zeros", "model"]),
        z.strictObject({ uniform: z.number().positive() }),
        startOfRun,
        startOfFile,
      ])
      .default("zeros")
      .describe(
        'x^0: "zeros"; "model" (default for networks), drawn block by block as the problem says; { "uniform": a } for independent uniform entries of [-a, a); or the parameters of another run, { "run": "NAME" }, or of a file, { "file": "x.npy" }.',
      ),
    seed: z.int().min(0).default(1).describe("Key of every random stream of the run."),
    stop,
    evaluateEvery: z
      .int()
      .min(0)
      .default(1)
      .describe(
        "Evaluate the exact gradient at every so many rounds (and at the start and end); 0: only there. Not charged to the method.",
      ),
    heldOut: heldOutSchema(dataName).exactOptional(),
    hessianVariance: z
      .strictObject({
        every: z.int().min(1).default(10).describe("Measure at every so many rounds."),
      })
      .exactOptional()
      .describe(
        "Measure sqrt(mean_i |D_i|^2 - |Dbar|^2)/|x^t - x^{t-1}| of the exact differences of gradients, which L_pm bounds: into the records as measuredLpm. Two exact gradients of every worker, outside the method. Of methods that keep x^{t-1}: the MARINA family, DASHA.",
      ),
    downlink: z
      .enum(["auto", "full", "deltas"])
      .exactOptional()
      .describe(
        'How iterates travel to the workers: "full", or as "deltas", the round\'s messages, of which an environment makes the next iterate itself, to the same bits. "auto" (the default): deltas where iterates are too large for tasks, the messages of a round take at most a quarter of its bytes, and making the step takes less time than reading the iterate.',
      ),
    iterate: z
      .enum(["float64", "float32"])
      .exactOptional()
      .describe(
        'Precision of x: "float64" (default); or "float32": x^0 and each x^t - gamma g^t are rounded to it, as part of the method, and iterates travel and are stored as 4 d bytes. All else stays float64.',
      ),
    wire: z
      .enum(["float32", "float64"])
      .default("float32")
      .describe('Precision of numbers that workers send. Iterates travel as "iterate" says.'),
    shardsPerTask: z
      .union([positiveInteger.max(1000), z.literal("auto")])
      .exactOptional()
      .describe(
        'Packing: neighbouring workers that one task does the work of; they stay workers of their own, and the trajectory has the same bits. "auto": some 15 ms of computing a task, which is cheaper and faster where workers are many and their shards small. Default: 1.',
      ),
    reduction: z
      .enum(["auto", "aggregator", "workers"])
      .exactOptional()
      .describe(
        'Who adds the dense vectors of a round: "aggregator"; "workers", each of which adds one range of coordinates of all of them, which is faster where n d is large; or "auto" (default), by that. The trajectory has the same bits.',
      ),
    reuse: z
      .enum(["auto", "environment", "store"])
      .exactOptional()
      .describe(
        'Where a worker has its gradient at x^{t-1} from, which it computed in the round before: from its "environment", if that is the same one, else it is computed again; or from the "store", where it lies as 8 d bytes for one round; or "auto" (default): the store where computing it costs more than keeping and reading it. The trajectory has the same bits. Of methods that need it: MARINA, PP-MARINA, DASHA.',
      ),
    checkpointEvery,
    durability: z
      .enum(["write-behind", "strict"])
      .default("write-behind")
      .describe(
        '"write-behind": an iterate is stored while the next round already computes; "strict": before it.',
      ),
  })
  .superRefine((spec, context) => {
    const { stop: rules } = spec;
    const needsEvaluation =
      rules.relativeGradientNormSquared !== undefined || rules.gradientNormSquared !== undefined;
    if (needsEvaluation && spec.evaluateEvery === 0) {
      context.addIssue({
        code: "custom",
        path: ["evaluateEvery"],
        message: "expected at least 1: a stopping rule on the gradient norm needs evaluations",
      });
    }
    checkTheory(spec as RunSpec, context);
    if (spec.hessianVariance !== undefined && !keepsPrevious(spec.algorithm)) {
      const kind = spec.algorithm.kind;
      const message = `expected it to be left out: ${kind} keeps no x^{t-1}; the MARINA family and dasha do`;
      context.addIssue({ code: "custom", path: ["hessianVariance"], message });
    }
    checkStart(spec as RunSpec, context);
    if (spec.reuse === "store" && !reusesGradients(spec.algorithm)) {
      const kind = spec.algorithm.kind;
      const message = `expected "environment" or "auto": ${kind} needs no gradient of the round before; marina, pp-marina and dasha do`;
      context.addIssue({ code: "custom", path: ["reuse"], message });
    }
    checkElastic(spec as RunSpec, context);
  })
  .meta({ title: "Marina run", description: "One distributed optimisation run." });

/** Where a spec says nothing of x^0 its problem does. */
function withStart(value: unknown): unknown {
  if (typeof value !== "object" || value === null || "start" in value || !("problem" in value)) return value;
  const { success, data } = z.looseObject({ kind: z.enum(PROBLEM_KINDS) }).safeParse(value.problem);
  return success ? { ...value, start: problemOf(data).start } : value;
}

type Problem = { readonly code: "custom"; readonly path: (string | number)[]; readonly message: string };

/** Rules on what a problem lets the theory know. */
function checkTheory(
  { problem, algorithm, smoothness }: RunSpec,
  context: { addIssue(problem: Problem): void },
): void {
  const why = whyNoSmoothness(problem);
  if (why === undefined) return;
  const issue = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
  if (typeof algorithm.stepSize !== "number" && algorithm.stepSize !== "measured") {
    const asked = JSON.stringify(algorithm.stepSize);
    issue(["algorithm", "stepSize"], `expected a number or "measured", got ${asked}: ${why}`);
  }
  if (samplesByImportance(algorithm)) issue(["algorithm", "sampling"], `expected "uniform": ${why}`);
  if (smoothness !== "exact") issue(["smoothness"], `expected it to be left out: ${why}`);
}

/** x^0 must be a number in the precision that it is kept in. */
function checkStart({ start, iterate }: RunSpec, context: { addIssue(problem: Problem): void }): void {
  if (typeof start !== "object" || !("uniform" in start) || iterate !== "float32") return;
  if (Number.isFinite(Math.fround(start.uniform))) return;
  const message = `expected at most 3.4e38, the largest float32 (iterate), got ${start.uniform}`;
  context.addIssue({ code: "custom", path: ["start", "uniform"], message });
}

/** Rules on who takes part. */
function checkElastic(spec: RunSpec, context: { addIssue(problem: Problem): void }): void {
  const { algorithm: method, workers, evaluateEvery } = spec;
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  if (typeof workers === "object") {
    const why = whyMembershipIsFixed(spec);
    if (why !== undefined) problem(["workers"], `expected one number: ${why}`);
  }
  const participants = "participants" in method ? method.participants : 1;
  const schedules = [workers, participants].filter(Array.isArray).flat() as readonly object[];
  if (evaluateEvery === 0 && schedules.some((entry) => "fromRelativeGradientNormSquared" in entry)) {
    problem(
      ["evaluateEvery"],
      "expected at least 1: an entry of a schedule waits for the gradient norm, which must be evaluated",
    );
  }
  const fewest = Math.min(...workersAsked(workers));
  const rule = aggregationOf(method);
  if (rule !== undefined && rule.tolerate > 0 && tolerated(rule, fewest) === 0) {
    problem(
      ["algorithm", "aggregation", "tolerate"],
      `expected 0, or at least ${Math.ceil(1000 / fewest) / 1000} (one of ${fewest} workers), got ${rule.tolerate}, which tolerates none of them`,
    );
  }
  const most = Math.max(...participantsAsked(participants));
  if ("participants" in method && !method.replacement && most > fewest) {
    problem(
      ["algorithm", "participants"],
      `expected at most ${fewest} (the workers) when drawn without replacement, got ${most}`,
    );
  }
}

/** What people may write (defaults left out). */
export type RunSpecInput = z.input<typeof runSpecSchema>;
/** A complete spec. */
export type RunSpec = z.output<typeof runSpecSchema> & { readonly problem: ProblemSpec };

/**
 * Parses and completes a spec.
 * @param source where the value came from, named in errors.
 * @throws MarinaError "spec" that lists every problem with its field path, what was expected and what came.
 */
export function parseRunSpec(value: unknown, source: string): RunSpec {
  return checked(runSpecSchema, withStart(value), source);
}

/** The spec's JSON schema, for editors. */
export function runSpecJsonSchema(): object {
  return z.toJSONSchema(runSpecSchema, { io: "input", target: "draft-2020-12" });
}
