/** All compressors. Schemas, labels, errors and tests go through this list: a new one is a file and a line here. */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";
import { Workspace } from "../math/index.ts";
import { COMPRESSOR_PATH, requireInteger } from "./check.ts";
import { composed } from "./composed.ts";
import type { CompressorDefinition, CompressorSchema, Promised, Wire } from "./compressor.ts";
import { identity } from "./identity.ts";
import { l2Quantization } from "./l2-quantization.ts";
import { natural } from "./natural.ts";
import { permK } from "./perm-k.ts";
import { qsgd } from "./qsgd.ts";
import { randK } from "./rand-k.ts";
import { topK } from "./top-k.ts";

export const COMPRESSORS = [identity, randK, l2Quantization, qsgd, natural, permK, topK, composed] as const;

type Definition = (typeof COMPRESSORS)[number];
type SpecOf<D extends Definition> = z.output<D["schema"]>;
/** A compressor as people write it. */
export type CompressorSpec = SpecOf<Definition>;
export type CompressorKind = CompressorSpec["kind"];
/** The definition that a spec is of. */
type DefinitionOf<S extends CompressorSpec> = Definition extends infer D
  ? D extends Definition
    ? Extract<SpecOf<D>, { kind: S["kind"] }> extends never
      ? never
      : D
    : never
  : never;

/** Dimensions are indices of typed arrays. */
const MAX_DIMENSION = 4_294_967_294;

const byKind = new Map(COMPRESSORS.map((each) => [each.schema.shape.kind.value as string, each]));
/** In the order of the list. */
export const COMPRESSOR_KINDS = [...byKind.keys()] as readonly CompressorKind[];

/** What a compressor is made for: see `CompressorSetting`. */
export interface CompressorOptions {
  readonly workers?: number;
  readonly workspace?: Workspace;
}

/**
 * The compressor of a spec for vectors of R^d.
 * @param dimension d, integer, 1 <= d < 2^32 - 1.
 * @throws MarinaError `spec`, with the field's path, when a parameter is out of range.
 * @example createCompressor({ kind: "rand-k", k: 10 }, 112, "float32").omega // 10.2
 */
export function createCompressor<S extends CompressorSpec>(
  spec: S,
  dimension: number,
  wire: Wire,
  { workers, workspace = new Workspace() }: CompressorOptions = {},
): ReturnType<DefinitionOf<S>["create"]> {
  requireInteger(dimension, MAX_DIMENSION, "the dimension of the data set");
  const made = definitionOf(spec).create(spec, { dimension, wire, workers, workspace });
  return made as ReturnType<DefinitionOf<S>["create"]>;
}

/** A compressor in a few words: "rand-k 10". */
export function compressorLabel(spec: CompressorSpec): string {
  return definitionOf(spec).label(spec);
}

/** Is it drawn for all slots of a round at once? */
export function isDrawnJointly(spec: CompressorSpec): boolean {
  return definitionOf(spec).joint;
}

/** Which compressors a method can work with. */
export interface Accepted<P extends Promised = Promised> {
  readonly promises: readonly P[];
  /** May they be drawn jointly? Only where every compressed round has a slot for each worker. Else why not. */
  readonly joint: true | { readonly refused: string };
}

/** The schema of a method's compressor. */
export function compressorSchema<P extends Promised>({
  promises,
  joint,
}: Accepted<P>): z.ZodType<SpecPromising<P>, SpecPromising<P>> {
  const all: readonly CompressorDefinition[] = COMPRESSORS as unknown as readonly CompressorDefinition[];
  const promised = promises.join(" or ");
  const refusals = new Map<unknown, string>();
  for (const each of all) {
    const kind = each.schema.shape.kind.value;
    if (!(promises as readonly Promised[]).includes(each.promises)) {
      refusals.set(
        kind,
        `${kind} is ${each.promises}, and this method needs a compressor that is ${promised}`,
      );
    } else if (each.joint && joint !== true) {
      refusals.set(kind, `${kind} is drawn for all workers jointly, and ${joint.refused}`);
    }
  }
  const accepted = all.filter((each) => !refusals.has(each.schema.shape.kind.value));
  const schemas = accepted.map((each) => each.schema) as unknown as [CompressorSchema, ...CompressorSchema[]];
  const schema = z.discriminatedUnion("kind", schemas, {
    error: ({ input }) => refusals.get((input as { kind?: unknown } | undefined)?.kind),
  });
  return schema.describe(`The ${promised} compressor Q of the uplink.`) as unknown as z.ZodType<
    SpecPromising<P>,
    SpecPromising<P>
  >;
}

/** Specs of the unbiased compressors. */
export type UnbiasedSpec = SpecPromising<"unbiased">;

/** Specs of the compressors that promise P. */
type SpecPromising<P extends Promised> = Definition extends infer D
  ? D extends CompressorDefinition<infer Schema, infer Q>
    ? Q extends P
      ? z.output<Schema>
      : never
    : never
  : never;

function definitionOf(spec: CompressorSpec): CompressorDefinition {
  const definition = byKind.get(spec.kind);
  // What an unchecked file may hold.
  if (definition === undefined) {
    const kinds = `${COMPRESSOR_KINDS.slice(0, -1).join(", ")} or ${COMPRESSOR_KINDS.at(-1)}`;
    throw new MarinaError(
      "spec",
      `${COMPRESSOR_PATH}.kind: expected ${kinds}, got ${JSON.stringify(spec.kind)}`,
    );
  }
  return definition as unknown as CompressorDefinition;
}
