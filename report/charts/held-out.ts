/** What curves saw on data that they were not trained on, against rounds and bits. */
import type { HeldOutAxis, ReportData } from "../report-data.ts";
import type { Chart } from "./chart.ts";
import { linesSpec } from "./lines.ts";
import { LINEAR, LOGARITHMIC, position } from "./parts.ts";

export type HeldOutWhat = "accuracy" | "loss";
const AXES = {
  round: { title: "round", words: "rounds", id: "round" },
  uplinkMbit: { title: "uplink, Mbit per worker", words: "uplink bits per worker", id: "uplink" },
  seconds: { title: "time, s", words: "seconds", id: "seconds" },
  usd: { title: "price, US$", words: "dollars", id: "usd" },
} as const satisfies Record<HeldOutAxis, unknown>;
const MEASURES = {
  accuracy: {
    title: "Rows predicted right",
    y: "rows predicted right",
    format: ".1~%",
    caption: "Share of the held-out rows whose class is predicted right, at the rounds that were looked at.",
  },
  loss: {
    title: "Held-out loss",
    y: "mean loss",
    format: ",.4~g",
    caption:
      "Mean loss of the held-out rows, without regulariser, at the rounds that were looked at: where it rises again the model begins to learn the training rows by heart.",
  },
} as const;

/** One line a run: of several seeds there are several in a curve's colour. */
export function heldOutChart({ series }: ReportData, what: HeldOutWhat, axis: HeldOutAxis): Chart {
  const names = series.map(({ name }) => name);
  const { title: x, words, id } = AXES[axis];
  const { title, y, format, caption } = MEASURES[what];
  const fields = [
    { field: "series", title: "curve", type: "nominal" },
    { field: "run", title: "run", type: "nominal" },
    { field: "x", title: x, type: "quantitative", format: ",.6~g" },
    { field: "y", title: y, type: "quantitative", format: what === "accuracy" ? ".2%" : ".4~g" },
    { field: "rows", title: "held-out rows", type: "quantitative" },
  ] as const;
  return {
    id: `held-out-${what}-${id}`,
    section: "Held-out data",
    title: `${title} against ${words}`,
    caption,
    source: { kind: "held-out", what, axis },
    columns: fields.map(({ field, title: name }) => ({ field, title: name })),
    hasLogarithmicX: true,
    key: [],
    spec: (options) =>
      linesSpec(
        {
          names,
          x: position("x", x, { scale: options.logarithmicX ? LOGARITHMIC : LINEAR }),
          y: position("y", y, { scale: { zero: false, nice: true }, format }),
          tooltip: fields,
          detail: "run",
          ...(options.logarithmicX ? { filter: "datum.x > 0" } : {}),
        },
        options,
      ),
  };
}
