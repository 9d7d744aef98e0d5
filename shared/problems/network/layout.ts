/** Where everything of a call lies in the kernels' memory, in entries. */
import type { RowGraph } from "./differentiate.ts";
import { packedEntries } from "./kernels.ts";
import { aligned, type Factor, type Plan } from "./plan.ts";
import { sizeOf } from "./shape.ts";
import type { Precision } from "./spec.ts";

/** Values of a block stay in the second-level cache of a core. */
const BLOCK_BYTES = 1024 * 1024;
const MOST_ROWS = 64;
const LEAST_ROWS = 4;

/**
 * Rows computed at once; no bit depends on it. Many, so that products are worth their while; fewer where a row has so many
 * values that a block of them would leave the cache (measured: 1.5 times quicker in convolutions of 28 x 28 x 16).
 */
export function blockRowsOf({ rowEntries }: Plan, precision: Precision): number {
  let rows = MOST_ROWS;
  while (rows > LEAST_ROWS && rows * rowEntries * bytesOf(precision) > BLOCK_BYTES) rows /= 2;
  return rows;
}

/** Of one entry. */
export function bytesOf(precision: Precision): 4 | 8 {
  return precision === "float32" ? 4 : 8;
}

/** Where a point's own things lie. */
export interface PointPlaces {
  /** By parameter. */
  readonly parameter: readonly number[];
  readonly direction: readonly number[];
  /** By factor of the plan: packed. */
  readonly factors: readonly number[];
  /** By accumulation. */
  readonly sums: readonly number[];
}

export interface Layout {
  readonly points: readonly PointPlaces[];
  /** Of all rows' values: a value's first entry for one row, times the block's rows, comes on top. */
  readonly values: number;
  /** Of one image's patches. */
  readonly patches: number;
  /** Of a packed right side. */
  readonly packing: number;
  /** All there is. */
  readonly entries: number;
}

/** What kernels may read and write beyond a vector's end. */
const MARGIN = 16;

export function layoutOf(graph: RowGraph, plan: Plan, points: 1 | 2, blockRows: number): Layout {
  let end = 0;
  const take = (entries: number) => {
    const at = end;
    end += aligned(entries);
    return at;
  };
  const places = Array.from({ length: points }, () => placePoint(graph, plan, take));
  const values = take(plan.rowEntries * blockRows);
  const patches = take(plan.patchEntries);
  const packing = take(packingEntries(graph, blockRows));
  return { points: places, values, patches, packing, entries: end + MARGIN };
}

function placePoint(graph: RowGraph, plan: Plan, take: (entries: number) => number): PointPlaces {
  const { parameters, accumulations } = graph;
  const all = () => parameters.map(({ shape }) => take(sizeOf(shape)));
  return {
    parameter: all(),
    direction: plan.usesDirection ? all() : [],
    factors: plan.factors.map((factor) => take(packedEntries(...factorShape(graph, factor)))),
    sums: accumulations.map(({ parameter }) => take(sizeOf(parameters[parameter]!.shape))),
  };
}

/** A factor as a matrix [k, n]: of a tensor the last axis is the columns; transposed or not. */
export function factorShape({ nodes }: RowGraph, { leaf, transposed }: Factor): [number, number] {
  const { shape } = nodes[leaf]!;
  const columns = shape.at(-1)!;
  const rows = sizeOf(shape) / columns;
  return transposed ? [columns, rows] : [rows, columns];
}

/** Entries of the largest right side that an accumulation packs. */
function packingEntries({ nodes, accumulations }: RowGraph, blockRows: number): number {
  return accumulations.reduce((most, accumulation) => {
    if (accumulation.kind === "positions") return most;
    const { shape } = nodes[accumulation.right]!;
    const columns = shape.at(-1)!;
    const positions = sizeOf(shape) / columns;
    const rows = accumulation.kind === "conv2d" ? 1 : blockRows;
    return Math.max(most, packedEntries(rows * positions, columns));
  }, 0);
}
