/** |grad f|^2 and f - best against rounds, bits, seconds and dollars. */
import type { Axis, Measure, ReportData } from "../report-data.ts";
import type { Chart } from "./chart.ts";
import { linesSpec } from "./lines.ts";
import { LINEAR, LOGARITHMIC, position } from "./parts.ts";

const AXIS_TITLES: Readonly<Record<Axis, string>> = {
  round: "round",
  epochs: "epochs",
  uplinkMbit: "uplink, Mbit per worker",
  seconds: "time, s",
  usd: "price, US$",
};
const AXIS_WORDS: Readonly<Record<Axis, string>> = {
  round: "rounds",
  epochs: "epochs",
  uplinkMbit: "uplink bits per worker",
  seconds: "seconds",
  usd: "dollars",
};

export function curveChart({ series, predicts }: ReportData, measure: Measure, axis: Axis): Chart {
  const names = series.map(({ name }) => name);
  const bands = series.some(({ curve }) => curve?.kind === "seeds");
  const isNorm = measure === "gradientNormSquared";
  const isPredicted = predicts && (axis === "seconds" || axis === "usd");
  const x = `${AXIS_TITLES[axis]}${isPredicted ? ", predicted" : ""}`;
  const y = isNorm ? "‖∇f(x)‖²" : "f(x) − best f seen";
  const what = isNorm
    ? "Squared norm of the exact gradient, logarithmic."
    : "Loss above the least loss that any run of this page reached on the same problem, logarithmic; that run's curve ends where it reaches it.";
  const band = bands
    ? " Where a curve stands for several seeds it is their median, with a band from the first to the third quartile; a run that has ended keeps its last value."
    : "";
  const quartiles = [
    { field: "low", title: "first quartile", type: "quantitative", format: ".4e" },
    { field: "high", title: "third quartile", type: "quantitative", format: ".4e" },
    { field: "runs", title: "runs", type: "quantitative" },
  ] as const;
  const fields = [
    { field: "series", title: "curve", type: "nominal" },
    { field: "x", title: x, type: "quantitative", format: ",.6~g" },
    { field: "y", title: y, type: "quantitative", format: ".4e" },
    ...(bands ? quartiles : []),
  ] as const;
  return {
    id: `${isNorm ? "gradient" : "loss"}-${axis === "uplinkMbit" ? "uplink" : axis}`,
    section: isNorm ? "Gradient norm" : "Loss",
    title: `${isNorm ? "‖∇f‖²" : "f − best"} against ${AXIS_WORDS[axis]}`,
    caption: `${what}${band}`,
    source: { kind: "curve", axis, measure },
    columns: fields.map(({ field, title }) => ({ field, title })),
    hasLogarithmicX: true,
    key: [],
    spec: (options) => {
      const vertical = (field: string) => position(field, y, { scale: LOGARITHMIC, format: ".2~e" });
      return linesSpec(
        {
          names,
          x: position("x", x, { scale: options.logarithmicX ? LOGARITHMIC : LINEAR }),
          y: vertical("y"),
          tooltip: fields,
          ...(bands ? { band: { low: vertical("low"), high: { field: "high" } } } : {}),
          ...(options.logarithmicX ? { filter: "datum.x > 0" } : {}),
        },
        options,
      );
    },
  };
}
