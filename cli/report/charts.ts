/** The charts of a report, in the order of the page. */
import { dashes, STACK_COLOURS } from "./palette.ts";
import { AXES, type Axis, type Measure, type ReportData } from "./report-data.ts";
import { type RowSource, rowsOf } from "./rows.ts";

/** A Vega-Lite specification: JSON. */
export type VegaLite = Readonly<Record<string, unknown>>;

export interface TableColumn {
  readonly field: string;
  readonly title: string;
}

export interface Chart {
  /** Also the name of its files. */
  readonly id: string;
  readonly section: string;
  readonly title: string;
  /** What one sees, for those who don't see it, and what is not obvious. */
  readonly caption: string;
  readonly source: RowSource;
  readonly columns: readonly TableColumn[];
  /** Can be drawn over a logarithmic horizontal axis too. */
  readonly hasLogarithmicX: boolean;
  /** What its own colours mean, where they are not the curves'. */
  readonly key: readonly { readonly label: string; readonly colour: string }[];
  spec(options: SpecOptions): VegaLite;
}

export interface SpecOptions {
  readonly logarithmicX: boolean;
  /** A page has one legend for all its charts; a picture has its own. */
  readonly legend: boolean;
}

const WIDTH = 460;
const HEIGHT = 280;
const LEGEND_ROW_HEIGHT = 15;
const ROW_HEIGHT = 24;
/** Bars that a chart can hold; the table has all. */
const MOST_BARS = 60;

/** Charts that have something to show. @param all also those that have nothing yet, for a view of a run under way. */
export function chartsOf(data: ReportData, { all = false } = {}): Chart[] {
  const names = data.series.map(({ name }) => name);
  const predicted = data.predicts ? ", predicted" : "";
  const bands = data.series.some(({ curve }) => curve?.kind === "seeds");
  const charts: Chart[] = [
    ...(["gradientNormSquared", "loss"] as const).flatMap((measure) =>
      AXES.map((axis) => curveChart(measure, axis, names, { predicted, bands })),
    ),
    billChart(data, predicted),
    billShareChart(data),
    latencyChart(names, predicted),
    slowRoundsChart(names, predicted),
    workersChart(names),
    reachedChart(names, predicted),
  ];
  const elastic = data.series.some(({ workers }) => workers.length > 0);
  return charts.filter(({ id, source }) => {
    if (id === "pareto") return data.reached.length >= 3;
    if (id === "workers") return elastic;
    return all || rowsOf(data, source).length > 0;
  });
}

const AXIS_TITLES: Readonly<Record<Axis, string>> = {
  round: "round",
  uplinkMbit: "uplink, Mbit per worker",
  seconds: "time, s",
  usd: "price, US$",
};
const AXIS_WORDS: Readonly<Record<Axis, string>> = {
  round: "rounds",
  uplinkMbit: "uplink bits per worker",
  seconds: "seconds",
  usd: "dollars",
};

function curveChart(
  measure: Measure,
  axis: Axis,
  names: readonly string[],
  { predicted, bands }: { readonly predicted: string; readonly bands: boolean },
): Chart {
  const norm = measure === "gradientNormSquared";
  const suffix = axis === "seconds" || axis === "usd" ? predicted : "";
  const x = `${AXIS_TITLES[axis]}${suffix}`;
  const y = norm ? "‖∇f(x)‖²" : "f(x) − best f seen";
  const band = bands
    ? " Where a curve stands for several seeds it is their median, with a band from the first to the third quartile; a run that has ended keeps its last value."
    : "";
  const what = norm
    ? "Squared norm of the exact gradient, logarithmic."
    : "Loss above the least loss that any run of this page reached on the same problem, logarithmic; that run's curve ends where it reaches it.";
  return {
    id: `${norm ? "gradient" : "loss"}-${axis === "uplinkMbit" ? "uplink" : axis}`,
    section: norm ? "Gradient norm" : "Loss",
    title: `${norm ? "‖∇f‖²" : "f − best"} against ${AXIS_WORDS[axis]}`,
    caption: `${what}${band}`,
    source: { kind: "curve", axis, measure },
    columns: [
      { field: "series", title: "curve" },
      { field: "x", title: x },
      { field: "y", title: y },
      ...(bands
        ? [
            { field: "low", title: "first quartile" },
            { field: "high", title: "third quartile" },
            { field: "runs", title: "runs" },
          ]
        : []),
    ],
    hasLogarithmicX: true,
    key: [],
    spec: (options) => curveSpec({ x, y, names, bands, dashed: true }, options),
  };
}

interface CurveLook {
  readonly x: string;
  readonly y: string;
  readonly names: readonly string[];
  readonly bands: boolean;
  readonly dashed: boolean;
}

function curveSpec({ x, y, names, bands, dashed }: CurveLook, options: SpecOptions): VegaLite {
  const horizontal = {
    field: "x",
    type: "quantitative",
    title: x,
    scale: options.logarithmicX ? { type: "log", nice: false } : { zero: true, nice: false },
    axis: { format: ",.6~g", tickCount: 6 },
  };
  const vertical = (field: string) => ({
    field,
    type: "quantitative",
    title: y,
    scale: { type: "log", nice: false },
    axis: { format: ".0e", tickCount: 6 },
  });
  const line = {
    mark: { type: "line", strokeWidth: 2, clip: true },
    params: [zoom],
    encoding: {
      x: horizontal,
      y: vertical("y"),
      color: colour(names, options),
      ...(dashed ? { strokeDash: dash(names, options) } : {}),
      // Points stay in the order of the rounds, also where the axis stands still.
      order: null,
    },
  };
  const band = {
    mark: { type: "area", opacity: 0.2, clip: true, tooltip: null },
    encoding: { x: horizontal, y: vertical("low"), y2: { field: "high" }, color: colour(names, options) },
  };
  const tooltip = [
    { field: "series", type: "nominal", title: "curve" },
    { field: "x", type: "quantitative", title: x, format: ",.6~g" },
    { field: "y", type: "quantitative", title: y, format: ".4e" },
    ...(bands
      ? [
          { field: "low", type: "quantitative", title: "first quartile", format: ".4e" },
          { field: "high", type: "quantitative", title: "third quartile", format: ".4e" },
          { field: "runs", type: "quantitative", title: "runs" },
        ]
      : []),
  ];
  return {
    ...frame(options, names.length, options.logarithmicX ? "datum.x > 0" : undefined),
    layer: [
      ...(bands ? [band] : []),
      line,
      nearest({ x: horizontal, y: vertical("y"), tooltip }, names, options),
    ],
  };
}

/** What all charts share. */
function frame({ legend }: SpecOptions, legendRows: number, filter?: string): VegaLite {
  return {
    width: WIDTH,
    height: HEIGHT + (legend ? LEGEND_ROW_HEIGHT * legendRows : 0),
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
const zoom = {
  name: "zoom",
  select: { type: "interval", zoom: "wheel![event.ctrlKey || event.shiftKey]" },
  bind: "scales",
};

const CURVE_LEGEND = {
  title: null,
  orient: "bottom",
  direction: "vertical",
  columns: 1,
  labelLimit: 440,
  symbolType: "stroke",
  symbolSize: 500,
  symbolOpacity: 1,
};

function colour(names: readonly string[], { legend }: SpecOptions) {
  return {
    field: "series",
    type: "nominal",
    scale: { domain: names },
    legend: legend ? CURVE_LEGEND : null,
  };
}

function dash(names: readonly string[], { legend }: SpecOptions) {
  return {
    field: "series",
    type: "nominal",
    scale: { domain: names, range: dashes(names.length) },
    legend: legend ? CURVE_LEGEND : null,
  };
}

/** Invisible points: the one nearest to the pointer shows itself and its values. */
function nearest(
  encoding: Readonly<Record<string, unknown>>,
  names: readonly string[],
  options: SpecOptions,
) {
  return {
    // Thousands of points: no descriptions of each, the table says them better.
    mark: { type: "point", filled: true, size: 70, clip: true, aria: false },
    params: [
      {
        name: "hover",
        select: { type: "point", on: "pointerover", nearest: true, clear: "pointerout" },
      },
    ],
    encoding: {
      ...encoding,
      color: colour(names, { ...options, legend: false }),
      opacity: { condition: { param: "hover", empty: false, value: 1 }, value: 0 },
    },
  };
}

function billKey({ billItems }: ReportData) {
  return billItems.map((label, i) => ({ label, colour: STACK_COLOURS[i % STACK_COLOURS.length]! }));
}

const BILL_TOOLTIP = [
  { field: "series", type: "nominal", title: "run" },
  { field: "item", type: "nominal", title: "item" },
  { field: "usd", type: "quantitative", title: "US$", format: ".3~g" },
  { field: "share", type: "quantitative", title: "share", format: ".1%" },
  { field: "total", type: "quantitative", title: "in all, US$", format: ".3~g" },
];

function billChart(data: ReportData, predicted: string): Chart {
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
    key: billKey(data),
    spec: (options) =>
      barSpec(data, { field: "usd", title: `price, US$${predicted}`, format: ",.6~g" }, options),
  };
}

function billShareChart(data: ReportData): Chart {
  return {
    ...billChart(data, ""),
    id: "bill-share",
    title: "What the dollars go to",
    caption: `The same bills, each as shares of its own total${dearest(data)}.`,
    spec: (options) =>
      barSpec(data, { field: "share", title: "share of the run's bill", format: ".0%" }, options),
  };
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
  return {
    ...frame(options, 0),
    height: ROW_HEIGHT * drawn + (options.legend ? 140 : 60),
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
        axis: { labelLimit: 190, ticks: false, domain: false },
      },
      color: {
        field: "item",
        type: "nominal",
        scale: { domain: data.billItems, range: STACK_COLOURS },
        legend: options.legend ? { title: null, orient: "bottom", columns: 2, symbolType: "square" } : null,
      },
      order: { field: "order", type: "quantitative" },
      tooltip: BILL_TOOLTIP,
    },
  };
}

function latencyChart(names: readonly string[], predicted: string): Chart {
  const x = `latency of a round, ms${predicted}`;
  return {
    id: "latency",
    section: "Rounds",
    title: "How long rounds take",
    caption:
      "Share of rounds at most so long (the empirical distribution function). The long tail is stragglers, cold starts and hand-overs.",
    source: { kind: "latency" },
    columns: [
      { field: "series", title: "curve" },
      { field: "share", title: "share of rounds" },
      { field: "milliseconds", title: x },
    ],
    hasLogarithmicX: false,
    key: [],
    spec: (options) => {
      const horizontal = {
        field: "milliseconds",
        type: "quantitative",
        title: x,
        scale: { type: "log", nice: false },
        axis: { format: ",.6~g", tickCount: 6 },
      };
      const vertical = {
        field: "share",
        type: "quantitative",
        title: "share of rounds",
        axis: { format: ".0%", tickCount: 6 },
      };
      const tooltip = [
        { field: "series", type: "nominal", title: "curve" },
        { field: "share", type: "quantitative", title: "share of rounds", format: ".2~%" },
        { field: "milliseconds", type: "quantitative", title: "took at most, ms", format: ",.1f" },
      ];
      return {
        ...frame(options, names.length, "datum.milliseconds > 0"),
        layer: [
          {
            mark: { type: "line", strokeWidth: 2, clip: true },
            params: [zoom],
            encoding: {
              x: horizontal,
              y: vertical,
              color: colour(names, options),
              strokeDash: dash(names, options),
              order: { field: "share", type: "quantitative" },
            },
          },
          nearest({ x: horizontal, y: vertical, tooltip }, names, options),
        ],
      };
    },
  };
}

function slowRoundsChart(names: readonly string[], predicted: string): Chart {
  return {
    id: "slow-rounds",
    section: "Rounds",
    title: "Stragglers and hedges",
    caption:
      "Rounds slower than 99 % of their curve's, and all in which tasks were sent again because answers were late (triangles); the slowest where there are many.",
    source: { kind: "slow-rounds" },
    columns: [
      { field: "series", title: "curve" },
      { field: "run", title: "run" },
      { field: "round", title: "round" },
      { field: "milliseconds", title: `latency of the round, ms${predicted}` },
      { field: "resent", title: "tasks sent again" },
      { field: "hedged", title: "of these, hedges" },
    ],
    hasLogarithmicX: false,
    key: [],
    spec: (options) => ({
      ...frame(options, names.length, "datum.milliseconds > 0"),
      mark: { type: "point", filled: false, size: 42, strokeWidth: 1.6, opacity: 0.85, clip: true },
      params: [{ name: "hidden", value: [] }, zoom],
      encoding: {
        x: {
          field: "round",
          type: "quantitative",
          title: "round",
          scale: { nice: false },
          axis: { format: ",.6~g", tickCount: 6 },
        },
        y: {
          field: "milliseconds",
          type: "quantitative",
          title: `latency of the round, ms${predicted}`,
          scale: { type: "log", nice: true },
          axis: { format: ",.6~g", tickCount: 6 },
        },
        color: colour(names, { ...options, legend: options.legend }),
        shape: {
          field: "kind",
          type: "nominal",
          scale: { domain: ["slow, none sent again", "tasks sent again"], range: ["circle", "triangle-up"] },
          legend: { title: null, orient: "bottom", symbolStrokeColor: "#808080" },
        },
        tooltip: [
          { field: "series", type: "nominal", title: "curve" },
          { field: "run", type: "nominal", title: "run" },
          { field: "round", type: "quantitative", title: "round", format: "," },
          { field: "milliseconds", type: "quantitative", title: "latency, ms", format: ",.1f" },
          { field: "resent", type: "quantitative", title: "tasks sent again" },
          { field: "hedged", type: "quantitative", title: "of these, hedges" },
        ],
      },
    }),
  };
}

function workersChart(names: readonly string[]): Chart {
  return {
    id: "workers",
    section: "Workers",
    title: "Workers over time",
    caption: "Workers that took part in a round, where their number changes within a run.",
    source: { kind: "workers" },
    columns: [
      { field: "series", title: "curve" },
      { field: "round", title: "round" },
      { field: "seconds", title: "time, s" },
      { field: "workers", title: "workers" },
    ],
    hasLogarithmicX: false,
    key: [],
    spec: (options) => ({
      ...frame(options, names.length),
      params: [{ name: "hidden", value: [] }, zoom],
      mark: { type: "line", interpolate: "step-after", strokeWidth: 2, clip: true },
      encoding: {
        x: {
          field: "seconds",
          type: "quantitative",
          title: "time, s",
          axis: { format: ",.6~g", tickCount: 6 },
        },
        y: { field: "workers", type: "quantitative", title: "workers", scale: { zero: true } },
        color: colour(names, options),
        strokeDash: dash(names, options),
        order: null,
      },
    }),
  };
}

function reachedChart(names: readonly string[], predicted: string): Chart {
  return {
    id: "pareto",
    section: "Price and time of the accuracy",
    title: "Dollars and seconds to the accuracy asked for",
    caption:
      "Every run that reached its accuracy; filled and joined: the Pareto front, no other run of this page was both faster and cheaper.",
    source: { kind: "reached" },
    columns: [
      { field: "run", title: "run" },
      { field: "series", title: "curve" },
      { field: "usd", title: `price, US$${predicted}` },
      { field: "seconds", title: `time, s${predicted}` },
      { field: "uplinkMbit", title: "uplink, Mbit per worker" },
      { field: "onFront", title: "on the front" },
    ],
    hasLogarithmicX: false,
    key: [],
    spec: (options) => {
      const axis = (field: string, title: string) => ({
        field,
        type: "quantitative",
        title: `${title}${predicted}`,
        scale: { type: "log", nice: false, padding: 24 },
        axis: { format: ",.6~g", tickCount: 6 },
      });
      const x = axis("usd", "price, US$");
      const y = axis("seconds", "time, s");
      const tooltip = [
        { field: "run", type: "nominal", title: "run" },
        { field: "series", type: "nominal", title: "curve" },
        { field: "usd", type: "quantitative", title: "US$", format: ".4~g" },
        { field: "seconds", type: "quantitative", title: "s", format: ",.4~g" },
        { field: "uplinkMbit", type: "quantitative", title: "Mbit per worker", format: ".4~g" },
        { field: "onFront", type: "nominal", title: "on the front" },
      ];
      return {
        ...frame(options, names.length),
        layer: [
          {
            transform: [{ filter: "datum.onFront === 'yes'" }],
            mark: {
              type: "line",
              interpolate: "step-after",
              stroke: "#808080",
              strokeWidth: 1.5,
              clip: true,
            },
            encoding: { x, y, order: { field: "usd", type: "quantitative" } },
          },
          {
            mark: { type: "point", size: 90, strokeWidth: 2, opacity: 1, clip: true },
            params: [zoom],
            encoding: {
              x,
              y,
              color: colour(names, options),
              fillOpacity: { condition: { test: "datum.onFront === 'yes'", value: 1 }, value: 0 },
              fill: { ...colour(names, { ...options, legend: false }) },
              tooltip,
            },
          },
        ],
      };
    },
  };
}
