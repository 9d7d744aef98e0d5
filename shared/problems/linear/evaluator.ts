/** A linear problem over rows. */
import type { Evaluator, Rows, Shard } from "../problem.ts";
import { margins } from "./kernels.ts";
import type { LinearSpec } from "./losses.ts";
import { firstNonFiniteRow } from "./non-finite-row.ts";
import { createObjective } from "./objective.ts";
import { rowFigures } from "./row-figures.ts";

export function linearEvaluator(spec: LinearSpec): Evaluator {
  return {
    objective: (rows, weights) => createObjective(spec, sparse(rows), weights),
    outputs(rows, x) {
      const values = new Float64Array(rows.rows);
      margins(sparse(rows), x, 0, rows.rows, values);
      return { size: 1, values };
    },
    figures: (rows, x) => rowFigures(spec.kind, sparse(rows), x),
    firstNonFinite(rows, x) {
      const row = firstNonFiniteRow(sparse(rows), spec.kind, x);
      return row === undefined ? undefined : { row };
    },
  };
}

function sparse(rows: Rows): Shard {
  if ("offsets" in rows) return rows;
  throw new RangeError("a linear problem reads rows by their stored entries");
}
