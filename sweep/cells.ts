/** From a sweep to its cells: list x grid x seeds, each with a complete, checked spec. */

import { withChange } from "../client/index.ts";
import { DEFAULT_CONFIGURATION, type ServiceConfiguration } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import { FUNCTION_MEMORY_LIMIT_MB, parseRunSpec } from "../shared/protocol/index.ts";
import { type Axes, type Cell, cellDigest } from "./cell.ts";
import { bestOf, type Group } from "./summary.ts";
import type { SweepSpec } from "./sweep-spec.ts";

const CLOUD = "cloud.";

/** What a sweep without a list varies beside its grid: nothing. */
const ALL: NonNullable<SweepSpec["list"]>[number] = { set: {} };

/**
 * @param base the base spec, not yet checked: a field that is missing may come from the grid
 * @param dataSha256 of a data set by name; throws where there is none of that name
 * @param configuration of the functions, where the sweep does not say otherwise
 * @throws MarinaError "spec" naming the cell
 */
export function cellsOf(
  sweep: SweepSpec,
  base: unknown,
  dataSha256: (data: string) => string,
  configuration: ServiceConfiguration = DEFAULT_CONFIGURATION,
): Cell[] {
  const cells: Cell[] = [];
  const seen = new Set<string>();
  for (const { label = null, set, seeds = sweep.seeds } of sweep.list ?? [ALL]) {
    for (const point of combinations(sweep.grid ?? {})) {
      const axes: Axes = { ...set, ...point };
      for (const seed of seeds) {
        const cell = cellOf(sweep, base, { label, axes, point }, seed, dataSha256, configuration);
        // Two points of the grid may mean the same run.
        if (seen.has(`${cell.digest}/${JSON.stringify(axes)}`)) continue;
        seen.add(`${cell.digest}/${JSON.stringify(axes)}`);
        cells.push(cell);
      }
    }
  }
  return cells;
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
  dataSha256: (data: string) => string,
  configuration: ServiceConfiguration = DEFAULT_CONFIGURATION,
): Cell[] {
  const { best } = sweep;
  if (best?.confirmSeeds === undefined) return [];
  const chosen = bestOf(groups, best, best.candidates);
  const seeds = best.confirmSeeds;
  return chosen.flatMap(({ label, axes, point }) =>
    seeds.map((seed) =>
      cellOf(sweep, base, { label, axes, point, confirms: true }, seed, dataSha256, configuration),
    ),
  );
}

function cellOf(
  sweep: SweepSpec,
  base: unknown,
  setting: Pick<Cell, "label" | "axes" | "point" | "confirms">,
  seed: number,
  dataSha256: (data: string) => string,
  deployed: ServiceConfiguration,
): Cell {
  let value: unknown = base;
  let configuration: ServiceConfiguration = { ...deployed, ...sweep.cloud };
  const { axes } = setting;
  for (const [path, leaf] of Object.entries(axes)) {
    if (path.startsWith(CLOUD)) configuration = configured(configuration, path.slice(CLOUD.length), leaf);
    else value = withChange(value, `${path}=${JSON.stringify(leaf)}`);
  }
  value = withChange(value, `seed=${seed}`);
  const spec = parseRunSpec(value, `sweep ${sweep.name}, cell ${JSON.stringify({ ...axes, seed })}`);
  return { digest: cellDigest(spec, configuration, dataSha256(spec.data)), ...setting, spec, configuration };
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
  throw new MarinaError(
    "spec",
    `cloud.${name}: expected cloud.workerMemoryMb or cloud.aggregatorMemoryMb (128 to ${FUNCTION_MEMORY_LIMIT_MB}), or cloud.architecture ("arm64" or "x86-64"), got ${JSON.stringify(value)}`,
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
