/** What people write to run many specs: a base, what to vary, and over which seeds. */
import * as z from "zod";
import { attackKinds } from "../embedded/index.ts";
import { checked, MarinaError } from "../shared/base/index.ts";
import { FUNCTION_MEMORY_LIMIT_MB, NAME_PATTERN, type RunSpec } from "../shared/protocol/index.ts";

const field = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*$/,
    "expected a dotted path, e.g. algorithm.compressor.k",
  )
  .refine(
    (path) => path !== "seed",
    'expected "seeds" beside the fields: every setting is run with each seed',
  );
const seeds = z.array(z.int().min(0)).min(1);
const memoryMb = z.int().min(128).max(FUNCTION_MEMORY_LIMIT_MB);

/** Workers that lie, on the embedded cloud. */
const liarFields = {
  attack: z
    .enum(["none", ...attackKinds])
    .exactOptional()
    .describe("What the liars send; on the embedded cloud only. Default: nobody lies."),
  liars: z.number().min(0).max(1).exactOptional().describe("Share of the workers that lie; default: 0.2."),
  attackFactor: z
    .number()
    .positive()
    .exactOptional()
    .describe("By what the attack is scaled; default: by its kind."),
};

/** A field of the cloud's configuration by itself. */
export const liarField = z.strictObject(liarFields);

/** What it takes to reach an accuracy. */
const COSTS = ["uplinkBitsPerWorker", "rounds", "seconds", "usd"] as const;
/** How good a run is when it ends, which needs no accuracy to reach; heldOutError is the share of the held-out rows that are predicted wrong. */
export const ENDS = ["relativeGradientNormSquared", "loss", "heldOutLoss", "heldOutError"] as const;
/** Figures of a finished run that runs may be ranked by; less is better in all of them. */
export const MEASURES = [...COSTS, ...ENDS] as const;
/**
 * A gradient may also be small because a far too long step ended on a plateau of a bounded loss: settings that have
 * brought the loss down by less than the best one has, but for this fraction of that, are not taken for good ones.
 */
export const PROGRESS_WITHIN = 0.1;
export type Measure = (typeof MEASURES)[number];
export type End = (typeof ENDS)[number];

export function isEnd(measure: Measure): measure is End {
  return (ENDS as readonly Measure[]).includes(measure);
}

/** @throws MarinaError "spec" where runs are ranked by what is seen of held-out data, and the spec names none. */
export function checkMeasure(measure: Measure, { heldOut }: Pick<RunSpec, "heldOut">): void {
  if (measure !== "heldOutLoss" && measure !== "heldOutError") return;
  const metric = measure === "heldOutLoss" ? "loss" : "accuracy";
  if (heldOut !== undefined && (heldOut.metrics ?? [metric]).includes(metric)) return;
  const seen =
    heldOut === undefined ? "no held-out data" : `only the ${heldOut.metrics?.join(" and ")} of it`;
  throw new MarinaError(
    "spec",
    `${measure} ranks runs by the ${metric} on held-out data, and the spec has ${seen}: set "heldOut": { "data": NAME }, with ${JSON.stringify(metric)} among its metrics`,
  );
}

export const sweepSchema = z
  .strictObject({
    $schema: z.string().exactOptional(),
    name: z
      .string()
      .regex(NAME_PATTERN, "expected 1 to 64 of a-z 0-9 . _ -")
      .describe("Name of the sweep's folder of results."),
    base: z
      .union([z.string().min(1), z.record(z.string(), z.unknown())])
      .describe("The spec that all cells begin with, or the path of its file, as seen from this one."),
    cloud: z
      .strictObject({
        workerMemoryMb: memoryMb.exactOptional(),
        aggregatorMemoryMb: memoryMb.exactOptional(),
        architecture: z.enum(["arm64", "x86-64"]).exactOptional(),
        ...liarFields,
      })
      .default({})
      .describe(
        "How the functions are configured, and which workers lie; a field of it may be varied as cloud.workerMemoryMb.",
      ),
    list: z
      .array(
        z.strictObject({
          label: z.string().min(1).exactOptional().describe("How tables name it."),
          set: z.record(field, z.unknown()).describe("Fields and their values."),
          seeds: seeds.exactOptional().describe("Seeds of this one; default: the sweep's."),
        }),
      )
      .min(1)
      .exactOptional()
      .describe("Alternatives, each of which sets some fields; combined with every point of the grid."),
    grid: z
      .record(field, z.array(z.unknown()).min(1))
      .exactOptional()
      .describe("Field -> values: every combination is run."),
    seeds: seeds.default([1]).describe("Every combination is run with each of these."),
    best: z
      .strictObject({
        over: z.array(field).min(1).describe("Fields of the grid to choose over, e.g. algorithm.stepSize."),
        by: z.enum(MEASURES),
        progressWithin: z
          .number()
          .min(0)
          .max(1)
          .default(PROGRESS_WITHIN)
          .describe(
            "Only settings count that bring the loss down by as much as the best at the same point of the grid, but for this fraction of it.",
          ),
        confirmSeeds: seeds
          .exactOptional()
          .describe(
            "Run the best values of each setting again with these seeds, none of which they were chosen by, and tell the figures of the one that is best then: a choice flatters the seeds that it was made on.",
          ),
        candidates: z
          .int()
          .min(1)
          .default(1)
          .describe("How many of the best values of each setting are run again with confirmSeeds."),
      })
      .exactOptional()
      .describe("Also tell, for each setting of the other fields, which values of these are best."),
  })
  .meta({ title: "Marina sweep", description: "Many runs: a base spec, what to vary, and seeds." });

export type SweepSpec = z.output<typeof sweepSchema>;

/** @throws MarinaError "spec" that lists every problem with its field path. */
export function parseSweep(value: unknown, source: string): SweepSpec {
  return checked(sweepSchema, value, source);
}

/** The sweep's JSON schema, for editors. */
export function sweepJsonSchema(): object {
  return z.toJSONSchema(sweepSchema, { io: "input", target: "draft-2020-12" });
}
