/** A start that a spec gives by a run's name or a file's: found, compared with what the problem needs, and stored. */
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { isSystemError, MarinaError, systemText } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import type { Manifest } from "../../shared/data/index.ts";
import { asIterate } from "../../shared/methods/index.ts";
import type { Problem } from "../../shared/problems/index.ts";
import { encodeVector, isGiven, type RunSpec, startKey, vectorSha256 } from "../../shared/protocol/index.ts";
import { decodeParameters, formatOf } from "./formats/index.ts";
import { type ReadParameters, shapeText } from "./formats/tensor.ts";
import { layoutOf, type ParameterLayout } from "./layout.ts";
import { readParameters } from "./parameters.ts";

/** A spec whose start is known to the last bit. */
export interface SettledSpec {
  /** With the start's digest, and of a file the name only. */
  readonly spec: RunSpec;
  /** x^0, where it is given. */
  readonly start: Float64Array | undefined;
}

/**
 * Finds the numbers that the spec begins with; other starts are as they are.
 * @param objects of the engine, where the run is that the spec may name
 * @param problem the spec's, over the data set
 * @throws MarinaError "usage" for a file or run that is not there, "spec" for parameters of other names, shapes or features than
 *   the problem's, or of another digest than the spec's.
 */
export async function settleStart(
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
  problem: Pick<Problem, "parameters">,
  manifest: Manifest,
): Promise<SettledSpec> {
  const { start } = spec;
  if (!isGiven(start)) return { spec, start: undefined };
  const layout = layoutOf(problem, manifest);
  const { read, source } =
    "run" in start ? await ofRun(objects, start.run, start.at) : await ofFile(start.file);
  const vector = matched(read, layout, source);
  checkPrecision(vector, spec, source);
  const sha256 = vectorSha256(vector);
  if (start.sha256 !== undefined && start.sha256 !== sha256) {
    throw new MarinaError(
      "spec",
      `start.sha256: expected numbers of SHA-256 ${start.sha256}, got those of ${source} of ${sha256}: it has changed since; leave sha256 out to begin with what it is now`,
    );
  }
  const named = "run" in start ? start : { file: basename(start.file) };
  return { spec: { ...spec, start: { ...named, sha256 } }, start: vector };
}

/** @throws MarinaError "spec" for a number that becomes infinite where x^0 is rounded. */
function checkPrecision(vector: Float64Array, { iterate }: RunSpec, source: string): void {
  const at = asIterate(vector, iterate).findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new MarinaError(
    "spec",
    `${source}: expected numbers of at most 3.4e38, the largest float32 (iterate), got ${vector[at]} at entry ${at}`,
  );
}

/** Stores x^0 beside its run. The digest is in the key: what is there already is the same. */
export async function storeStart(
  objects: Pick<ObjectStore, "put">,
  run: string,
  start: Float64Array,
): Promise<void> {
  const sha256 = vectorSha256(start);
  try {
    await objects.put(startKey(run, sha256), encodeVector(start), { ifNoneMatch: "*" });
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "precondition-failed") throw error;
  }
}

/** The spec with its start's file where it lies, told from the folder of the spec. */
export function withStartIn(folder: string, spec: RunSpec): RunSpec {
  const { start } = spec;
  if (!isGiven(start) || !("file" in start)) return spec;
  return { ...spec, start: { ...start, file: resolve(folder, start.file) } };
}

interface Found {
  readonly read: ReadParameters;
  /** How errors name it. */
  readonly source: string;
}

async function ofRun(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
  at: "start" | "last" | undefined,
): Promise<Found> {
  const parameters = await readParameters(objects, run, at);
  const { vector, round } = parameters;
  const source = `start.run: x^${round} of ${run}`;
  if (!parameters.hasLayout)
    return { read: { kind: "array", shape: [vector.length], values: vector }, source };
  const { tensors, features } = parameters;
  return { read: { kind: "named", tensors, ...(features === undefined ? {} : { features }) }, source };
}

async function ofFile(path: string): Promise<Found> {
  const format = formatOf(path);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new MarinaError("usage", `start.file: ${path}: ${systemText(error)}`, { cause: error });
  }
  const source = `start.file: ${basename(path)}`;
  return { read: await decodeParameters(format, bytes, source), source };
}

/** x^0 for this layout. @throws MarinaError "spec" that says what was expected, and what came. */
export function matched(read: ReadParameters, layout: ParameterLayout, source: string): Float64Array {
  const vector =
    read.kind === "array" ? matchedArray(read, layout, source) : matchedTensors(read, layout, source);
  const bad = vector.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return vector;
  throw new MarinaError("spec", `${source}: expected finite numbers, got ${vector[bad]} at entry ${bad}`);
}

function matchedArray(
  { shape, values }: Extract<ReadParameters, { kind: "array" }>,
  { dimension, blocks }: ParameterLayout,
  source: string,
): Float64Array {
  const axes = shape.filter((length) => length !== 1);
  const asBlock = blocks.length === 1 && shapeText(blocks[0]!.shape) === shapeText(shape);
  if (values.length === dimension && (axes.length <= 1 || asBlock)) return values;
  throw new MarinaError(
    "spec",
    `${source}: expected ${dimension} numbers, the problem's parameters (${blocksText(blocks)}), got ${shapeText(shape)}`,
  );
}

function matchedTensors(
  { tensors, features }: Extract<ReadParameters, { kind: "named" }>,
  layout: ParameterLayout,
  source: string,
): Float64Array {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const refused = (): MarinaError =>
    new MarinaError(
      "spec",
      `${source}: expected the parameters ${blocksText(layout.blocks)}, got ${blocksText(tensors)}`,
    );
  if (byName.size !== layout.blocks.length || tensors.length !== layout.blocks.length) throw refused();
  const vector = new Float64Array(layout.dimension);
  for (const { name, shape, offset } of layout.blocks) {
    const tensor = byName.get(name);
    const entries = shape.reduce((product, size) => product * size, 1);
    if (tensor === undefined || tensor.values.length !== entries) throw refused();
    if (tensor.shape !== undefined && shapeText(tensor.shape) !== shapeText(shape)) throw refused();
    vector.set(tensor.values, offset);
  }
  checkFeatures(features, layout.features, source);
  return vector;
}

/** Names are compared where both sides have them. */
function checkFeatures(
  got: readonly string[] | undefined,
  expected: readonly string[] | undefined,
  source: string,
): void {
  if (got === undefined || expected === undefined) return;
  const at = expected.findIndex((name, j) => name !== got[j]);
  if (at < 0) return;
  throw new MarinaError(
    "spec",
    `${source}: expected ${JSON.stringify(expected[at])} as feature ${at + 1} (the data set's), got ${JSON.stringify(got[at])}`,
  );
}

const SHOWN_BLOCKS = 8;

function blocksText(
  blocks: readonly {
    readonly name: string;
    readonly shape?: readonly number[];
    readonly values?: Float64Array;
  }[],
): string {
  const shown = blocks
    .slice(0, SHOWN_BLOCKS)
    .map(({ name, shape, values }) => `${name} ${shapeText(shape ?? [values?.length ?? 0])}`);
  const rest = blocks.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
