/** A run's parameters x: where it began, or where it is. */
import { readCheckpoint, readStart, wholeCheckpoint } from "../../lambdas/aggregator/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import { type ObjectStore, readOptional } from "../../shared/cloud/index.ts";
import { type Manifest, parseManifest, problemForm } from "../../shared/data/index.ts";
import { openProblem, type Problem, problemLabel } from "../../shared/problems/index.ts";
import {
  isCalibrated,
  manifestKey,
  type StoredRun,
  vectorSha256,
  type WhichIterate,
} from "../../shared/protocol/index.ts";
import { findRun } from "../find.ts";
import { encodeParameters, type ParameterFormat, tensorsOf } from "./formats/index.ts";
import type { Tensor } from "./formats/tensor.ts";
import { layoutOf, type ParameterLayout } from "./layout.ts";

/** x of a run. */
export class Parameters {
  readonly run: string;
  /** x^t, t rounds after the start. */
  readonly round: number;
  /** The numbers, tensor by tensor. */
  readonly vector: Float64Array;
  readonly #stored: StoredRun;
  readonly #layout: ParameterLayout | undefined;

  /** @param layout undefined where the data set is gone that it follows from */
  constructor(stored: StoredRun, round: number, vector: Float64Array, layout: ParameterLayout | undefined) {
    this.run = stored.run;
    this.round = round;
    this.vector = vector;
    this.#stored = stored;
    this.#layout = layout;
  }

  /** SHA-256 of the numbers as little-endian float64; at a run's end its result's `iterateSha256`. */
  get sha256(): string {
    return vectorSha256(this.vector);
  }

  /** Names and shapes. @throws MarinaError "usage" where they are not known any more. */
  get layout(): ParameterLayout {
    if (this.#layout !== undefined) return this.#layout;
    const { run, spec } = this.#stored;
    throw new MarinaError(
      "usage",
      `data set "${spec.data}" is not there any more as it was when run ${run} began, and with it names and shapes of the parameters; the numbers alone can be had as .npy`,
    );
  }

  /** Are names and shapes known? */
  get hasLayout(): boolean {
    return this.#layout !== undefined;
  }

  /** The numbers by name: views of `vector`. */
  get tensors(): readonly Tensor[] {
    return tensorsOf(this);
  }

  /** Names of the entries, where there is one a feature and the data set names its features. */
  get features(): readonly string[] | undefined {
    return this.layout.features;
  }

  /** The bytes of a file of this format. @throws MarinaError "limit" for more numbers than are good as text. */
  async encode(format: ParameterFormat): Promise<Uint8Array> {
    const { spec } = this.#stored;
    const about = {
      run: this.run,
      round: this.round,
      problem: problemLabel(spec.problem),
      data: spec.data,
      sha256: this.sha256,
    };
    const dimension = this.vector.length;
    const layout = format === "npy" ? { dimension, blocks: [] } : this.layout;
    return encodeParameters(format, { vector: this.vector, layout, about });
  }
}

/**
 * x^0 of a run, or its last stored iterate: of a run that is live that of its last checkpoint.
 * @throws MarinaError "usage" for a run that does not exist, "not-found" for one that has stored no iterate yet.
 */
export async function readParameters(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
  at: WhichIterate = "last",
): Promise<Parameters> {
  const stored = await findRun(objects, run);
  const manifest = await sameData(objects, stored);
  const problem = manifest === undefined ? undefined : await problemOver(objects, stored, manifest);
  const layout = problem === undefined ? undefined : layoutOf(problem, manifest!);
  if (at === "start") {
    if (problem !== undefined) {
      return new Parameters(stored, 0, await readStart(objects, stored, problem), layout);
    }
    throw new MarinaError(
      "usage",
      `data set "${stored.spec.data}" is not there any more as it was when run ${run} began, and with it the dimension of x^0`,
    );
  }
  const found = (await readCheckpoint(objects, run))?.checkpoint;
  const checkpoint = found && (await wholeCheckpoint(objects, stored.spec, found));
  const vector = checkpoint?.state["iterate"];
  if (checkpoint === undefined || vector === undefined || !isCalibrated(checkpoint)) {
    throw new MarinaError(
      "not-found",
      `run ${run} has stored no iterate yet; x^0 can be had: --at start; go on with it: marina resume ${run}`,
    );
  }
  return new Parameters(stored, checkpoint.round, vector, layout);
}

async function problemOver(
  objects: Pick<ObjectStore, "get">,
  { spec }: StoredRun,
  manifest: Manifest,
): Promise<Problem> {
  return openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
}

/** The manifest of the run's data set, if that is still the one that it began with. */
async function sameData(
  objects: Pick<ObjectStore, "get">,
  { spec, data }: StoredRun,
): Promise<Manifest | undefined> {
  const manifest = await readOptional(objects, manifestKey(spec.data), parseManifest);
  return manifest?.object.sha256 === data.sha256 ? manifest : undefined;
}
