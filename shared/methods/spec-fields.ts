/** Fields that methods have in common in a run's spec, each with one meaning; and what they say, read from any spec. */
import * as z from "zod";
import { type AggregationSpec, aggregationLabel, aggregationSchema } from "../aggregation/index.ts";
import { type CompressorSpec, compressorLabel, isDrawnJointly } from "../compressors/index.ts";
import { type ParticipantsSpec, participantsText } from "./participants.ts";
import { isGivenMu } from "./theory.ts";

const positiveInteger = z.int().min(1);

/** `theory` is the method's own (see its file); a number lies in (0, 1]. */
export const probability = z
  .union([z.literal("theory"), z.number().gt(0).max(1)])
  .default("theory")
  .describe('Probability of a dense round, 0 < p <= 1, or "theory".');

/**
 * How the step size is chosen: by name (see the method's `theory.steps`), as a number, or as a multiple of the theory's.
 * @param named what each name means, `theory` first.
 */
export function stepSize<const Name extends string>(named: Readonly<Record<Name, string>>) {
  const names = Object.keys(named) as Name[];
  const literals = names.map((name) => z.literal(name)) as unknown as [z.ZodLiteral<Name>];
  const texts = names.map((name) => `"${name}" (${named[name]})`);
  const times = z.strictObject({
    times: z.number().positive().describe("Multiple of the theoretical step size."),
  });
  const given = "pl" in named ? [mu] : [];
  return z
    .union([...literals, z.number().positive(), times, ...(given as [typeof mu])])
    .default("theory" as never)
    .describe(`${texts.join(", ")}, a number, or { "times": 4 } the theoretical one.`);
}

const mu = z.strictObject({
  mu: z.number().positive().describe('"pl" with this mu: |grad f(x)|^2 >= 2 mu (f(x) - f_*).'),
});

/** What `theory` means in every method. */
export const THEOREM = "the method's convergence theorem";
/** What `explicit` means. */
export const EXPLICIT = "the same with L_f in the place of the larger L where the proof allows it";
/** What `pl` means. */
export const PL =
  'linear convergence under the Polyak-Lojasiewicz condition; { "mu": 0.01 } where the problem does not give mu';
/** What `measured` means. */
export const MEASURED = "constants estimated near x^0, for any problem, no guarantee";

/**
 * Where the workers' states lie between rounds: each worker's in the object store, or all with the server, which works
 * them out from the messages and sends each worker its own. The same bits.
 */
export const shift = z
  .enum(["stored", "carried"])
  .exactOptional()
  .describe(
    'Where the workers\' shifts lie between rounds: "stored" (default) in the object store, one read and one write for each worker and round; or "carried" by the aggregator, which sends each worker its own. The same bits.',
  );

/** b */
export const batchSize = positiveInteger.describe("Rows of a mini-batch, b.");
/** B */
export const largeBatchSize = positiveInteger.describe("Rows drawn for a dense round, B.");
export const replacement = z
  .boolean()
  .default(true)
  .describe("Draw with replacement (as in the paper) or without.");

/** How clients, or rows, are drawn. */
export const sampling = z
  .enum(["uniform", "importance"])
  .exactOptional()
  .describe(
    '"uniform" (default); or "importance": with probabilities in proportion to smoothness constants (L_i of clients, L_il of rows), and weights that leave every estimate unbiased.',
  );

/** A draw by importance is with replacement. */
export function checkSampling(
  { sampling: how, replacement: repeats }: { readonly sampling?: string; readonly replacement: boolean },
  context: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
): void {
  if (how !== "importance" || repeats) return;
  context.addIssue({
    code: "custom",
    path: ["replacement"],
    message: 'expected true: with "sampling": "importance" draws are independent',
  });
}

/** How messages are put together where some workers may be wrong: of the MARINA family. */
export const aggregation = aggregationSchema.exactOptional();

/** Some worker's message need not be true. */
export interface MayBeRobust {
  readonly aggregation?: AggregationSpec;
}

/** The rules of Byz-VR-MARINA: compressors drawn independently; clients, where some are asked, uniformly and each at most once. */
export function checkAggregation(
  spec: MayBeRobust & {
    readonly compressor: CompressorSpec;
    readonly participants?: ParticipantsSpec;
    readonly replacement?: boolean;
    readonly sampling?: string;
  },
  context: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
): void {
  const { aggregation: rule, compressor, participants, replacement: repeats, sampling: how } = spec;
  if (rule === undefined) return;
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  if (isDrawnJointly(compressor)) {
    refuse(
      "compressor",
      `expected one that each worker draws by itself, e.g. rand-k, got ${compressor.kind}: its messages have no entry in common, so that no one can tell a wrong one; leave "aggregation" out, or change the compressor`,
    );
  }
  if (participants === undefined) return;
  if (repeats !== false) {
    refuse(
      "replacement",
      'expected false: "aggregation" counts workers, and one that is asked twice lies twice',
    );
  }
  if (how === "importance") {
    refuse("sampling", 'expected "uniform": with "aggregation" all messages weigh the same');
  }
}

/** What any method's spec may say. */
export interface CommonFields {
  readonly kind: string;
  readonly stepSize: unknown;
  readonly compressor?: CompressorSpec;
  readonly participants?: ParticipantsSpec;
  readonly batchSize?: number;
  readonly sampling?: "uniform" | "importance";
  readonly aggregation?: AggregationSpec;
}

/** A method in a few words, from the fields that it has: "MARINA, rand-k 10". */
export function labelOf(spec: CommonFields): string {
  const parts = [spec.kind.toUpperCase()];
  if (spec.compressor !== undefined) parts.push(compressorLabel(spec.compressor));
  if (spec.participants !== undefined) parts.push(`r = ${participantsText(spec.participants)}`);
  if (spec.batchSize !== undefined) parts.push(`b = ${spec.batchSize}`);
  if (spec.sampling === "importance") parts.push("importance");
  if (spec.aggregation !== undefined) parts.push(aggregationLabel(spec.aggregation));
  if (spec.stepSize !== "theory") parts.push(`step ${stepText(spec.stepSize)}`);
  return parts.join(", ");
}

function stepText(asked: unknown): string {
  if (isGivenMu(asked)) return `pl with mu = ${asked.mu}`;
  return typeof asked === "object" ? `${(asked as { times: number }).times} x theory` : String(asked);
}
