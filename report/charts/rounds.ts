/** How long rounds take, and which stand out. */
import type { ReportData } from "../report-data.ts";
import type { Chart } from "./chart.ts";
import { linesSpec } from "./lines.ts";
import { LOGARITHMIC, position } from "./parts.ts";
import { pointsSpec } from "./points.ts";

/** What can be drawn over a logarithm. */
const TOOK_TIME = "datum.milliseconds > 0";

export function latencyChart({ series, predicts }: ReportData): Chart {
  const names = series.map(({ name }) => name);
  const latency = `latency of a round, ms${predicts ? ", predicted" : ""}`;
  const share = "share of rounds";
  return {
    id: "latency",
    section: "Rounds",
    title: "How long rounds take",
    caption:
      "Share of rounds at most so long (the empirical distribution function). The long tail is stragglers, cold starts and hand-overs.",
    source: { kind: "latency" },
    columns: [
      { field: "series", title: "curve" },
      { field: "share", title: share },
      { field: "milliseconds", title: latency },
    ],
    hasLogarithmicX: false,
    key: [],
    spec: (options) =>
      linesSpec(
        {
          names,
          x: position("milliseconds", latency, { scale: LOGARITHMIC }),
          y: position("share", share, { scale: { zero: true }, format: ".0%" }),
          tooltip: [
            { field: "series", type: "nominal", title: "curve" },
            { field: "share", type: "quantitative", title: share, format: ".2~%" },
            { field: "milliseconds", type: "quantitative", title: "took at most, ms", format: ",.1f" },
          ],
          filter: TOOK_TIME,
          order: "share",
        },
        options,
      ),
  };
}

export function slowRoundsChart({ series, predicts }: ReportData): Chart {
  const names = series.map(({ name }) => name);
  const latency = `latency of the round, ms${predicts ? ", predicted" : ""}`;
  return {
    id: "slow-rounds",
    section: "Rounds",
    title: "Stragglers and hedges",
    caption:
      "Of every fortieth part of a curve's rounds the slowest, if it is slower than 99 % of all, and the slowest in which tasks were sent again because answers were late (filled).",
    source: { kind: "slow-rounds" },
    columns: [
      { field: "series", title: "curve" },
      { field: "run", title: "run" },
      { field: "round", title: "round" },
      { field: "milliseconds", title: latency },
      { field: "resent", title: "tasks sent again" },
      { field: "hedged", title: "of these, hedges" },
    ],
    hasLogarithmicX: true,
    key: [],
    spec: (options) =>
      pointsSpec(
        {
          names,
          x: position("round", "round (filled: tasks were sent again)", {
            scale: options.logarithmicX ? LOGARITHMIC : { nice: false, padding: 6 },
          }),
          y: position("milliseconds", latency, { scale: { type: "log", nice: true } }),
          tooltip: [
            { field: "series", type: "nominal", title: "curve" },
            { field: "run", type: "nominal", title: "run" },
            { field: "round", type: "quantitative", title: "round", format: "," },
            { field: "milliseconds", type: "quantitative", title: "latency, ms", format: ",.1f" },
            { field: "resent", type: "quantitative", title: "tasks sent again" },
            { field: "hedged", type: "quantitative", title: "of these, hedges" },
          ],
          filled: "datum.resent > 0",
          size: 40,
          filter: options.logarithmicX ? `${TOOK_TIME} && datum.round > 0` : TOOK_TIME,
        },
        options,
      ),
  };
}
