/** Charts of lines, one or more a curve; the point nearest to the pointer tells its values. */
import type { SpecOptions, VegaLite } from "./chart.ts";
import { colourOnly, frame, lineLook, type TooltipField, zoom } from "./parts.ts";

export interface Lines {
  readonly names: readonly string[];
  readonly x: VegaLite;
  readonly y: VegaLite;
  readonly tooltip: readonly TooltipField[];
  /** A band around each line, between these two positions. */
  readonly band?: { readonly low: VegaLite; readonly high: VegaLite };
  /** Of the rows that can be drawn. */
  readonly filter?: string;
  /** A row's value holds until the next row. */
  readonly steps?: boolean;
  /** The field by which points follow one another; by default they come in their order. */
  readonly order?: string;
  /** A field that parts a curve into several lines. */
  readonly detail?: string;
}

export function linesSpec(
  { names, x, y, tooltip, band, filter, steps = false, order, detail }: Lines,
  options: SpecOptions,
): VegaLite {
  const parted = detail === undefined ? {} : { detail: { field: detail } };
  const line = {
    mark: { type: "line", strokeWidth: 2, clip: true, ...(steps ? { interpolate: "step-after" } : {}) },
    params: [zoom],
    encoding: {
      x,
      y,
      ...lineLook(names, options),
      ...parted,
      order: order === undefined ? null : { field: order, type: "quantitative" },
    },
  };
  const area = {
    mark: { type: "area", opacity: bandOpacity(names.length), clip: true, tooltip: null },
    encoding: { x, y: band?.low, y2: band?.high, ...colourOnly(names, options) },
  };
  // Invisible points. Thousands of them: no descriptions of each, the table says them better.
  const nearest = {
    mark: { type: "point", filled: true, size: 70, clip: true, aria: false },
    params: [
      {
        name: "hover",
        select: { type: "point", on: "pointerover", nearest: true, clear: "pointerout" },
      },
    ],
    encoding: {
      x,
      y,
      tooltip,
      ...colourOnly(names, options),
      opacity: { condition: { param: "hover", empty: false, value: 1 }, value: 0 },
    },
  };
  return {
    ...frame(options, names, filter),
    layer: [...(band === undefined ? [] : [area]), line, ...(options.picture ? [] : [nearest])],
  };
}

/** Many bands over one another would hide the lines. */
function bandOpacity(curves: number): number {
  if (curves <= 6) return 0.2;
  return curves <= 16 ? 0.12 : 0.06;
}
