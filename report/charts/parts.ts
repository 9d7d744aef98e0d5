/** What the charts have in common: their frame, their axes, and how curves are told apart. */
import { dashes, shapes } from "../palette.ts";
import type { SpecOptions, VegaLite } from "./chart.ts";

const WIDTH = 460;
const HEIGHT = 280;
const LEGEND_ROW_HEIGHT = 15;

/** A field as a tooltip shows it. */
export interface TooltipField {
  readonly field: string;
  readonly title: string;
  readonly type: "nominal" | "quantitative";
  readonly format?: string;
}

/** The signal `hidden` names the curves that are switched off. @param filter of the rows that can be drawn */
export function frame({ picture }: SpecOptions, names: readonly string[], filter?: string) {
  return {
    width: WIDTH,
    height: HEIGHT + (picture ? LEGEND_ROW_HEIGHT * names.length : 0),
    autosize: { type: "fit", contains: "padding" },
    data: { name: "rows" },
    params: [{ name: "hidden", value: [] }],
    transform: [
      { filter: "indexof(hidden, datum.series) < 0" },
      ...(filter === undefined ? [] : [{ filter }]),
    ],
  };
}

/** The wheel scrolls the page: only with Ctrl or Shift does it zoom. Dragging moves, a double click resets. */
export const zoom = {
  name: "zoom",
  select: { type: "interval", zoom: "wheel![event.ctrlKey || event.shiftKey]" },
  bind: "scales",
};

/** A position: field, title with unit, and what its axis is like. */
export function position(
  field: string,
  title: string,
  { scale, format = ",.6~g", tickMinStep }: { scale: VegaLite; format?: string; tickMinStep?: number },
): VegaLite {
  const axis = { format, tickCount: 6, ...(tickMinStep === undefined ? {} : { tickMinStep }) };
  return { field, type: "quantitative", title, scale, axis };
}

/** From zero, without empty space at the end. */
export const LINEAR = { zero: true, nice: false } as const;
export const LOGARITHMIC = { type: "log", nice: false } as const;

const LEGEND = {
  title: null,
  orient: "bottom",
  direction: "vertical",
  columns: 1,
  labelLimit: 440,
  symbolOpacity: 1,
} as const;
const LINE_LEGEND = { ...LEGEND, symbolType: "stroke", symbolSize: 500 } as const;

function bySeries(names: readonly string[], legend: VegaLite | null, range?: readonly unknown[]): VegaLite {
  const scale = { domain: names, ...(range === undefined ? {} : { range }) };
  return { field: "series", type: "nominal", scale, legend };
}

/** Curves differ in colour and dash. */
export function lineLook(names: readonly string[], { picture }: SpecOptions): VegaLite {
  const shown = picture ? LINE_LEGEND : null;
  return { color: bySeries(names, shown), strokeDash: bySeries(names, shown, dashes(names.length)) };
}

/** Points differ in colour and shape. */
export function pointLook(names: readonly string[], { picture }: SpecOptions): VegaLite {
  const shown = picture ? LEGEND : null;
  return {
    color: bySeries(names, shown),
    fill: bySeries(names, null),
    shape: bySeries(names, shown, shapes(names.length)),
  };
}

/** For what belongs to a curve and is no curve: bands, the point under the pointer. In the legend it is the curve. */
export function colourOnly(names: readonly string[], { picture }: SpecOptions): VegaLite {
  return { color: bySeries(names, picture ? LINE_LEGEND : null) };
}
