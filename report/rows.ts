/** The rows that each chart draws and its table lists, from a report's data. Runs in the page too: no imports of Node. */
import type { Axis, HeldOutAxis, ReportData, Series, Shown } from "./report-data.ts";

export type Row = Readonly<Record<string, string | number>>;

/** A curve's point: `low` and `high` are the quartiles where the curve is a median over runs, else the value. */
export interface CurveRow {
  readonly [field: string]: string | number;
  readonly series: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

/** Where a chart's rows come from; part of the page's JSON. */
export type RowSource =
  | { readonly kind: "curve"; readonly axis: Axis; readonly measure: Shown }
  | { readonly kind: "bill" }
  | { readonly kind: "latency" }
  | { readonly kind: "slow-rounds" }
  | { readonly kind: "workers"; readonly what: "workers" | "participants" }
  | { readonly kind: "held-out"; readonly what: "accuracy" | "loss"; readonly axis: HeldOutAxis }
  | { readonly kind: "reached" }
  | { readonly kind: "power" };

export function rowsOf(data: ReportData, source: RowSource): readonly Row[] {
  switch (source.kind) {
    case "curve":
      return data.series.flatMap((series) => curveRows(series, source.axis, source.measure));
    case "bill":
      return billRows(data);
    case "latency":
      return data.series.flatMap(({ name, latency }) =>
        (latency?.quantiles ?? []).map(({ share, milliseconds }) => ({ series: name, share, milliseconds })),
      );
    case "slow-rounds":
      return data.series.flatMap(({ name, latency }) =>
        (latency?.slow ?? []).map((slow) => ({ series: name, ...slow })),
      );
    case "workers":
      return data.series.flatMap(({ name, workers }) =>
        workers
          .filter(({ participants }) => source.what === "workers" || participants !== null)
          .map((step) => ({ series: name, ...step, participants: step.participants ?? "–" })),
      );
    case "power":
      return data.power.map((row) => ({ ...row, series: row.architecture }));
    case "held-out":
      return data.series.flatMap(({ name, heldOut }) =>
        heldOut.flatMap(({ run, rows, [source.axis]: x, [source.what]: y }) =>
          y === null ? [] : [{ series: name, run, x, y, rows }],
        ),
      );
    case "reached":
      return data.reached.map((point) => ({ ...point, onFront: point.onFront ? "yes" : "no" }));
  }
}

/** Of norms and f - best the points that a logarithmic axis can show: the best loss itself, at 0, is not one of them. */
function curveRows(series: Series, axis: Axis, shown: Shown): CurveRow[] {
  const { curve, name, runs } = series;
  if (curve === null) return [];
  const measure = shown === "excess" ? "loss" : shown;
  const shift = shown === "excess" ? (series.bestLoss ?? 0) : 0;
  const canBe = (value: number): boolean => (shown === "loss" ? Number.isFinite(value) : value > 0);
  const source =
    curve.kind === "run"
      ? { x: curve.columns[axis], low: null, middle: curve.columns[measure], high: null }
      : { x: curve.byAxis[axis].x, ...curve.byAxis[axis][measure] };
  const rows: CurveRow[] = [];
  source.x.forEach((x, i) => {
    const middle = source.middle[i] ?? null;
    if (x === null || middle === null) return;
    const y = middle - shift;
    if (!canBe(y)) return;
    const low = (source.low?.[i] ?? middle) - shift;
    const high = (source.high?.[i] ?? middle) - shift;
    rows.push({ series: name, x, y, low: canBe(low) ? low : y, high, runs: runs.length });
  });
  return rows;
}

function billRows({ series, billItems }: ReportData): Row[] {
  return series.flatMap(({ name, usdByItem }) => {
    if (usdByItem === null) return [];
    const total = billItems.reduce((sum, item) => sum + (usdByItem[item] ?? 0), 0);
    return billItems.map((item, order) => ({
      series: name,
      item,
      order,
      usd: usdByItem[item] ?? 0,
      share: total > 0 ? (usdByItem[item] ?? 0) / total : 0,
      total,
    }));
  });
}
