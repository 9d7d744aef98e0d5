export function rowsOf(data, source) {
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
    case "reached":
      return data.reached.map((point) => ({ ...point, onFront: point.onFront ? "yes" : "no" }));
  }
}
/** Points that a logarithmic axis can show: the best loss itself, at f - best = 0, is not one of them. */
function curveRows(series, axis, measure) {
  const { curve, name, runs } = series;
  if (curve === null) return [];
  const shift = measure === "loss" ? (series.bestLoss ?? 0) : 0;
  const source =
    curve.kind === "run"
      ? { x: curve.columns[axis], low: null, middle: curve.columns[measure], high: null }
      : { x: curve.byAxis[axis].x, ...curve.byAxis[axis][measure] };
  const rows = [];
  source.x.forEach((x, i) => {
    const middle = source.middle[i] ?? null;
    if (x === null || middle === null) return;
    const y = middle - shift;
    if (!(y > 0)) return;
    const low = (source.low?.[i] ?? middle) - shift;
    const high = (source.high?.[i] ?? middle) - shift;
    rows.push({ series: name, x, y, low: low > 0 ? low : y, high, runs: runs.length });
  });
  return rows;
}
function billRows({ series, billItems }) {
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
