/** From a sweep to its cells: list x grid x seeds, each with a complete spec, checked against its data set. */

import { checkHeldOutSpec, checkMachine, checkRun, machineMemoryBytes, withChange } from "../client/index.ts";
import { attackKinds, DEFAULT_CONFIGURATION, type ServiceConfiguration } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import { dataForm, type Manifest } from "../shared/data/index.ts";
import { type DataForm, type Problem, type RowProgram, storedProgram } from "../shared/problems/index.ts";
import { FUNCTION_MEMORY_LIMIT_MB, isGiven, parseRunSpec, type RunSpec } from "../shared/protocol/index.ts";
import { type Axes, type Cell, cellDigest } from "./cell.ts";
import { bestOf, type Group } from "./summary.ts";
import { checkMeasure, liarField, type SweepSpec } from "./sweep-spec.ts";

const CLOUD = "cloud.";

/** What a sweep without a list varies beside its grid: nothing. */
const ALL: NonNullable<SweepSpec["list"]>[number] = { set: {} };

/** The manifest of a data set. @throws MarinaError where there is none of that name, or none that a sweep can use. */
export type ManifestOf = (data: string) => Manifest;

/** The stored program of a digest. @throws MarinaError "usage" where there is none. */
export type ProgramOf = (sha256: string) => RowProgram;

/** Where cells are to run, and what is known of it before the first one does. */
export interface CellSetting {
  readonly manifestOf: ManifestOf;
  /** Of a model of one's own, by its digest; where it is left out there is none. @throws MarinaError "usage" */
  readonly programOf?: ProgramOf;
  /** Of the functions, where the sweep does not say otherwise; default: the embedded cloud's. */
  readonly configuration?: ServiceConfiguration;
  /** What else a cell must meet. @throws MarinaError */
  readonly check?: (cell: Cell, manifest: Manifest, problem: Problem) => void;
}

/**
 * Every cell is checked before any of them is run.
 * @param base the base spec, not yet checked: a field that is missing may come from the grid
 * @throws MarinaError "spec" that lists every cell that is refused, and why
 */
export function cellsOf(sweep: SweepSpec, base: unknown, setting: CellSetting): Cell[] {
  const cells: Cell[] = [];
  const seen = new Set<string>();
  const refused: string[] = [];
  for (const { label = null, set, seeds = sweep.seeds } of sweep.list ?? [ALL]) {
    for (const point of combinations(sweep.grid ?? {})) {
      const axes: Axes = { ...set, ...point };
      for (const seed of seeds) {
        const name = `sweep ${sweep.name}, cell ${JSON.stringify({ ...axes, seed })}`;
        try {
          const cell = cellOf(sweep, base, { label, axes, point }, seed, setting, name);
          // Two points of the grid may mean the same run.
          if (seen.has(`${cell.digest}/${JSON.stringify(axes)}`)) continue;
          seen.add(`${cell.digest}/${JSON.stringify(axes)}`);
          cells.push(cell);
        } catch (error) {
          if (!(error instanceof MarinaError)) throw error;
          refused.push(error.message.startsWith(name) ? error.message : `${name}: ${error.message}`);
        }
      }
    }
  }
  if (refused.length === 0) return cells;
  const all = refused.length + cells.length;
  const how = all === 1 ? "" : `${refused.length} of ${all} cells can't be run, so none was started:\n`;
  throw new MarinaError("spec", `${how}${refused.join("\n")}`);
}

/**
 * The best settings of a sweep once more, with the seeds that were kept for this; none where it keeps no seeds, or where
 * these have been run already.
 * @param groups of the sweep's cells
 */
export function confirmingCells(
  sweep: SweepSpec,
  base: unknown,
  groups: readonly Group[],
  setting: CellSetting,
): Cell[] {
  const { best } = sweep;
  if (best?.confirmSeeds === undefined) return [];
  const chosen = bestOf(groups, best, best.candidates);
  const seeds = best.confirmSeeds;
  return chosen.flatMap(({ label, axes, point }) =>
    seeds.map((seed) => {
      const name = `sweep ${sweep.name}, cell ${JSON.stringify({ ...axes, seed })}`;
      return cellOf(sweep, base, { label, axes, point, confirms: true }, seed, setting, name);
    }),
  );
}

/** @param name of the cell, for errors */
function cellOf(
  sweep: SweepSpec,
  base: unknown,
  varied: Pick<Cell, "label" | "axes" | "point" | "confirms">,
  seed: number,
  { manifestOf, programOf, configuration: deployed = DEFAULT_CONFIGURATION, check }: CellSetting,
  name: string,
): Cell {
  let value: unknown = base;
  let configuration: ServiceConfiguration = { ...deployed, ...sweep.cloud };
  for (const [path, leaf] of Object.entries(varied.axes)) {
    if (path.startsWith(CLOUD)) configuration = configured(configuration, path.slice(CLOUD.length), leaf);
    else value = withChange(value, `${path}=${JSON.stringify(leaf)}`);
  }
  value = withChange(value, `seed=${seed}`);
  const spec = parseRunSpec(value, name);
  if (isGiven(spec.start)) {
    throw new MarinaError(
      "spec",
      `start: expected "zeros", "model" or { "uniform": a } in a sweep, got ${JSON.stringify(spec.start)}: its cells run in stores of their own, where there is no other run or file; run such specs one by one with marina run`,
    );
  }
  const manifest = manifestOf(spec.data);
  const problem = checkRun(spec, manifest, formOf(spec, manifest, programOf));
  // Also cells of a stack are first run on the embedded cloud.
  checkMachine(spec, manifest, problem, machineMemoryBytes());
  if (sweep.best !== undefined) checkMeasure(sweep.best.by, spec);
  const held = spec.heldOut === undefined ? undefined : manifestOf(spec.heldOut.data);
  if (held !== undefined) checkHeldOutSpec(spec, manifest, held);
  const contents = [manifest, ...(held === undefined ? [] : [held])].map(({ object }) => object.sha256);
  const digest = cellDigest(spec, configuration, contents.join(" "));
  const cell = { digest, ...varied, spec, configuration };
  check?.(cell, manifest, problem);
  return cell;
}

/** What the cell's problem is told of its data. */
function formOf({ problem }: RunSpec, manifest: Manifest, programOf: ProgramOf | undefined): DataForm {
  const program = storedProgram(problem);
  return program === undefined || programOf === undefined
    ? dataForm(manifest)
    : { ...dataForm(manifest), program: programOf(program) };
}

function configured(configuration: ServiceConfiguration, name: string, value: unknown): ServiceConfiguration {
  const isMemory = name === "workerMemoryMb" || name === "aggregatorMemoryMb";
  if (
    isMemory &&
    Number.isInteger(value) &&
    (value as number) >= 128 &&
    (value as number) <= FUNCTION_MEMORY_LIMIT_MB
  ) {
    return { ...configuration, [name]: value };
  }
  if (name === "architecture" && (value === "arm64" || value === "x86-64")) {
    return { ...configuration, architecture: value };
  }
  const liars = liarField.safeParse({ [name]: value });
  if (liars.success) return { ...configuration, ...liars.data };
  throw new MarinaError(
    "spec",
    `cloud.${name}: expected cloud.workerMemoryMb or cloud.aggregatorMemoryMb (128 to ${FUNCTION_MEMORY_LIMIT_MB}), cloud.architecture ("arm64" or "x86-64"), cloud.attack (${["none", ...attackKinds].join(", ")}), cloud.liars (a share) or cloud.attackFactor, got ${JSON.stringify(value)}`,
  );
}

/** Every combination of the grid's values, the last field varying fastest. */
function combinations(grid: Readonly<Record<string, readonly unknown[]>>): Axes[] {
  let points: Axes[] = [{}];
  for (const [path, values] of Object.entries(grid)) {
    points = points.flatMap((point) => values.map((value) => ({ ...point, [path]: value })));
  }
  return points;
}
