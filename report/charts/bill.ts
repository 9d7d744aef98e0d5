/** What the dollars go to, as stacked bars: in dollars, and as shares of each bill. */
import { STACK_COLOURS } from "../palette.ts";
import type { ReportData } from "../report-data.ts";
import type { Chart, SpecOptions, VegaLite } from "./chart.ts";
import { frame } from "./parts.ts";

const ROW_HEIGHT = 24;
/** Bars that a chart can hold; the table has all. */
const MOST_BARS = 60;
/** Letters of a curve's name that half a page has room for. */
const SHORT_NAME = 32;
/** Pixels for the names in a picture. */
const LABEL_ROOM = { short: 190, long: 340 } as const;

const TOOLTIP = [
  { field: "series", type: "nominal", title: "curve" },
  { field: "item", type: "nominal", title: "item" },
  { field: "usd", type: "quantitative", title: "US$", format: ".3~g" },
  { field: "share", type: "quantitative", title: "share", format: ".1%" },
  { field: "total", type: "quantitative", title: "in all, US$", format: ".3~g" },
];

export function billChart(data: ReportData): Chart {
  return {
    id: "bill",
    section: "Bill",
    title: "The bill by item",
    caption: `Dollars of the method alone (exact evaluation for the curves is not in it), priced by the dated table of us-east-1 for functions of the default size${dearest(data)}. Means over seeds.`,
    source: { kind: "bill" },
    columns: [
      { field: "series", title: "curve" },
      { field: "item", title: "item" },
      { field: "usd", title: "US$" },
      { field: "share", title: "share" },
    ],
    hasLogarithmicX: false,
    isWide: hasLongNames(data),
    key: data.billItems.map((label, i) => ({ label, colour: STACK_COLOURS[i % STACK_COLOURS.length]! })),
    spec: (options) =>
      barSpec(
        data,
        { field: "usd", title: `price, US$${data.predicts ? ", predicted" : ""}`, format: ",.6~g" },
        options,
      ),
  };
}

export function billShareChart(data: ReportData): Chart {
  return {
    ...billChart(data),
    id: "bill-share",
    title: "What the dollars go to",
    caption: `The same bills, each as shares of its own total${dearest(data)}.`,
    spec: (options) =>
      barSpec(data, { field: "share", title: "share of the run's bill", format: ".0%" }, options),
  };
}

function hasLongNames({ series }: ReportData): boolean {
  return series.some(({ name }) => name.length > SHORT_NAME);
}

function dearest({ series }: ReportData): string {
  return series.length > MOST_BARS ? `; the ${MOST_BARS} dearest are drawn, the table has all` : "";
}

function barSpec(
  data: ReportData,
  x: { readonly field: string; readonly title: string; readonly format: string },
  options: SpecOptions,
): VegaLite {
  const drawn = Math.min(data.series.length, MOST_BARS);
  const room = hasLongNames(data) ? LABEL_ROOM.long : LABEL_ROOM.short;
  const { params, width, ...shared } = frame(options, []);
  return {
    ...shared,
    width: width + room - LABEL_ROOM.short,
    // A page sets it, as it knows how wide it is.
    params: [...params, { name: "labelRoom", value: room }],
    height: ROW_HEIGHT * drawn + (options.picture ? 140 : 60),
    transform: [
      { filter: "indexof(hidden, datum.series) < 0" },
      { window: [{ op: "dense_rank", as: "rank" }], sort: [{ field: "total", order: "descending" }] },
      { filter: `datum.rank <= ${MOST_BARS}` },
    ],
    mark: { type: "bar", height: { band: 0.72 } },
    encoding: {
      x: {
        field: x.field,
        type: "quantitative",
        title: x.title,
        stack: "zero",
        axis: { format: x.format, tickCount: 6 },
        scale: { nice: false },
      },
      y: {
        field: "series",
        type: "nominal",
        title: null,
        sort: { field: "total", op: "max", order: "descending" },
        axis: { labelLimit: { expr: "labelRoom" }, ticks: false, domain: false },
      },
      color: {
        field: "item",
        type: "nominal",
        scale: { domain: data.billItems, range: STACK_COLOURS },
        legend: options.picture ? { title: null, orient: "bottom", columns: 2, symbolType: "square" } : null,
      },
      order: { field: "order", type: "quantitative" },
      tooltip: TOOLTIP,
    },
  };
}
