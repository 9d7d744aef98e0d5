/** |grad f|^2, f, and f - best against rounds, epochs, bits, seconds and dollars. */
import type { Axis, ReportData, Shown } from "../report-data.ts";
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

/** How each of the three is called and drawn. */
const SHOWN: Readonly<
  Record<
    Shown,
    {
      readonly id: string;
      readonly section: string;
      readonly name: string;
      readonly axis: string;
      readonly caption: string;
    }
  >
> = {
  gradientNormSquared: {
    id: "gradient",
    section: "Gradient norm",
    name: "‖∇f‖²",
    axis: "‖∇f(x)‖²",
    caption: "Squared norm of the exact gradient, logarithmic.",
  },
  loss: {
    id: "value",
    section: "Loss",
    name: "f",
    axis: "f(x)",
    caption: "The loss itself.",
  },
  excess: {
    id: "loss",
    section: "Loss above the best",
    name: "f − best",
    axis: "f(x) − best f seen",
    caption:
      "Loss above the least loss that any run of this page reached on the same problem, logarithmic; that run's curve ends where it reaches it.",
  },
};
const EPOCHS =
  " An epoch is as many gradients of single rows as there are rows; a gradient over all rows that a worker has computed in the round before is not counted again.";

export function curveChart({ series, predicts }: ReportData, shown: Shown, axis: Axis): Chart {
  const names = series.map(({ name }) => name);
  const bands = series.some(({ curve }) => curve?.kind === "seeds");
  const { id, section, name, axis: y, caption } = SHOWN[shown];
  const isPredicted = predicts && (axis === "seconds" || axis === "usd");
  const x = `${AXIS_TITLES[axis]}${isPredicted ? ", predicted" : ""}`;
  const band = bands
    ? " Where a curve stands for several seeds it is their median, with a band from the first to the third quartile; a run that has ended keeps its last value."
    : "";
  const isPlain = shown === "loss";
  const format = isPlain ? ",.6~g" : ".4e";
  const quartiles = [
    { field: "low", title: "first quartile", type: "quantitative", format },
    { field: "high", title: "third quartile", type: "quantitative", format },
    { field: "runs", title: "runs", type: "quantitative" },
  ] as const;
  const fields = [
    { field: "series", title: "curve", type: "nominal" },
    { field: "x", title: x, type: "quantitative", format: ",.6~g" },
    { field: "y", title: y, type: "quantitative", format },
    ...(bands ? quartiles : []),
  ] as const;
  return {
    id: `${id}-${axis === "uplinkMbit" ? "uplink" : axis}`,
    section,
    title: `${name} against ${AXIS_WORDS[axis]}`,
    caption: `${caption}${axis === "epochs" ? EPOCHS : ""}${band}`,
    source: { kind: "curve", axis, measure: shown },
    columns: fields.map(({ field, title }) => ({ field, title })),
    hasLogarithmicX: true,
    key: [],
    spec: (options) => {
      const vertical = (field: string) =>
        isPlain
          ? position(field, y, { scale: { zero: false, nice: true } })
          : position(field, y, { scale: LOGARITHMIC, format: ".2~e" });
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
