/** Charts of points: each curve's have a colour and a shape, and are filled or hollow. */
import type { SpecOptions, VegaLite } from "./chart.ts";
import { frame, pointLook, type TooltipField, zoom } from "./parts.ts";

export interface Points {
  readonly names: readonly string[];
  readonly x: VegaLite;
  readonly y: VegaLite;
  readonly tooltip: readonly TooltipField[];
  /** Which points are filled: a test of the row. */
  readonly filled: string;
  readonly size: number;
  /** Of the rows that can be drawn. */
  readonly filter?: string;
  /** A line through some of the points. */
  readonly joined?: { readonly filter: string; readonly order: string };
}

export function pointsSpec(
  { names, x, y, tooltip, filled, size, filter, joined }: Points,
  options: SpecOptions,
): VegaLite {
  const points = {
    mark: { type: "point", size, strokeWidth: 1.4, opacity: 0.85, clip: true },
    params: [zoom],
    encoding: {
      x,
      y,
      ...pointLook(names, options),
      fillOpacity: { condition: { test: filled, value: 0.85 }, value: 0 },
      tooltip,
    },
  };
  const line = {
    transform: [{ filter: joined?.filter ?? "false" }],
    mark: { type: "line", interpolate: "step-after", stroke: "#808080", strokeWidth: 1.5, clip: true },
    encoding: { x, y, order: { field: joined?.order ?? "", type: "quantitative" } },
  };
  return { ...frame(options, names, filter), layer: [...(joined === undefined ? [] : [line]), points] };
}
