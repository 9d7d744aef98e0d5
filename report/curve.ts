/** From round records to the curve of a series: one run thinned, or quartiles over several. */

import type { KeptRound } from "../client/index.ts";
import { quantile } from "../shared/math/index.ts";
import {
  AXES,
  type Axis,
  type Measure,
  type Quartiles,
  type RunCurve,
  type SeedsCurve,
} from "./report-data.ts";
import { spread, thin } from "./thin.ts";

const BITS_PER_MBIT = 1e6;
const DIGITS_OF_QUARTILES = 8;

/** Null where the epochs are not known. */
export function axisValue(record: KeptRound, axis: Axis): number | null {
  if (axis === "uplinkMbit") return record.uplinkBitsPerWorker / BITS_PER_MBIT;
  return record[axis];
}

/** Rounds that show something: a norm or a loss. */
export function evaluated(records: readonly KeptRound[]): KeptRound[] {
  return records.filter(({ loss, gradientNormSquared }) => loss !== null || gradientNormSquared !== null);
}

/** @param budget about how many points to keep. */
export function runCurve(records: readonly KeptRound[], budget: number): RunCurve {
  const shown = evaluated(records);
  const kept = thin(
    shown.map(({ gradientNormSquared, loss }) => gradientNormSquared ?? loss),
    budget,
  ).map((i) => shown[i]!);
  const axes = Object.fromEntries(AXES.map((axis) => [axis, kept.map((record) => axisValue(record, axis))]));
  return {
    kind: "run",
    columns: {
      ...(axes as Record<Axis, (number | null)[]>),
      gradientNormSquared: kept.map(({ gradientNormSquared }) => gradientNormSquared),
      loss: kept.map(({ loss }) => loss),
    },
  };
}

/**
 * Quartiles at `budget` positions of every axis. A run's value at a position is that of the last iterate it had
 * evaluated there; a run that has ended keeps its last value, as its user keeps the last iterate.
 */
export function seedsCurve(runs: readonly (readonly KeptRound[])[], budget: number): SeedsCurve {
  const shown = runs.map(evaluated).filter((records) => records.length > 0);
  const byAxis = Object.fromEntries(
    AXES.map((axis) => {
      const ends = shown.map((records) => axisValue(records.at(-1)!, axis));
      const known = ends.filter((end) => end !== null);
      // A median over some of the runs only would be of other runs than its neighbours.
      const positions = known.length < ends.length ? [] : spread(Math.max(0, ...known), budget);
      const x = axis === "round" ? [...new Set(positions.map(Math.round))] : positions;
      return [
        axis,
        {
          x,
          gradientNormSquared: quartiles(shown, axis, "gradientNormSquared", x),
          loss: quartiles(shown, axis, "loss", x),
        },
      ];
    }),
  );
  return { kind: "seeds", byAxis: byAxis as unknown as SeedsCurve["byAxis"] };
}

function quartiles(
  runs: readonly (readonly KeptRound[])[],
  axis: Axis,
  measure: Measure,
  positions: readonly number[],
): Quartiles {
  const columns = runs.map((records) => sample(records, axis, measure, positions));
  const low: (number | null)[] = [];
  const middle: (number | null)[] = [];
  const high: (number | null)[] = [];
  positions.forEach((_, i) => {
    const values = columns.map((column) => column[i] ?? null).filter((value) => value !== null);
    values.sort((a, b) => a - b);
    const whole = values.length === runs.length && values.length > 0;
    low.push(whole ? rounded(quantile(values, 0.25)) : null);
    middle.push(whole ? rounded(quantile(values, 0.5)) : null);
    high.push(whole ? rounded(quantile(values, 0.75)) : null);
  });
  return { low, middle, high };
}

/** Quartiles are interpolated as it is; all their digits would double a page's weight. */
function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS_OF_QUARTILES));
}

/** Values at ascending positions, in one pass. */
function sample(
  records: readonly KeptRound[],
  axis: Axis,
  measure: Measure,
  positions: readonly number[],
): (number | null)[] {
  let next = 0;
  let value: number | null = null;
  return positions.map((x) => {
    while (next < records.length && (axisValue(records[next]!, axis) ?? Infinity) <= x) {
      value = records[next]![measure] ?? value;
      next++;
    }
    return value;
  });
}
