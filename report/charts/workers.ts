/** Who took part in elastic runs: workers and participants over rounds and time. */
import type { ReportData } from "../report-data.ts";
import type { Chart } from "./chart.ts";
import { linesSpec } from "./lines.ts";
import { LINEAR, position } from "./parts.ts";

export function workersChart(
  { series, predicts }: ReportData,
  what: "workers" | "participants",
  axis: "round" | "seconds",
): Chart {
  const names = series.map(({ name }) => name);
  const seconds = `time, s${predicts ? ", predicted" : ""}`;
  const x = axis === "round" ? "round" : seconds;
  const y = what === "workers" ? "workers, n" : "participants, r";
  const fields = [
    { field: "series", title: "curve", type: "nominal" },
    { field: "run", title: "run", type: "nominal" },
    { field: "round", title: "from round", type: "quantitative", format: "," },
    { field: "seconds", title: `from ${seconds}`, type: "quantitative", format: ",.4~g" },
    { field: "workers", title: "workers, n", type: "quantitative", format: "," },
    { field: "participants", title: "participants, r", type: "nominal" },
    { field: "stepSize", title: "step size γ", type: "quantitative", format: ".4~g" },
    { field: "probability", title: "probability p", type: "quantitative", format: ".4~g" },
    { field: "cause", title: "changed by", type: "nominal" },
  ] as const;
  return {
    id: `${what}-${axis}`,
    section: "Workers",
    title: `${what === "workers" ? "Workers" : "Participants"} over ${axis === "round" ? "the rounds" : "time"}`,
    caption:
      what === "workers"
        ? "Among how many workers the rows are split. The number changes at dense rounds only, where the estimate is the exact gradient whatever the split."
        : "How many of the workers send in a compressed round; in a dense one all do.",
    source: { kind: "workers", what },
    columns: fields.map(({ field, title }) => ({ field, title })),
    hasLogarithmicX: false,
    key: [],
    spec: (options) =>
      linesSpec(
        {
          names,
          x: position(axis, x, { scale: LINEAR, ...(axis === "round" ? { tickMinStep: 1 } : {}) }),
          y: position(what, y, { scale: { zero: true, nice: false, padding: 8 }, tickMinStep: 1 }),
          tooltip: fields,
          steps: true,
          detail: "run",
        },
        options,
      ),
  };
}
