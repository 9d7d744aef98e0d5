/** What the accuracy took: dollars against seconds, with the Pareto front. */
import type { ReportData } from "../report-data.ts";
import type { Chart } from "./chart.ts";
import { position } from "./parts.ts";
import { pointsSpec } from "./points.ts";

const ON_FRONT = "datum.onFront === 'yes'";
const SCALE = { type: "log", nice: false, padding: 24 };

export function reachedChart({ series, predicts }: ReportData): Chart {
  const names = series.map(({ name }) => name);
  const predicted = predicts ? ", predicted" : "";
  const usd = `price, US$${predicted}`;
  const seconds = `time, s${predicted}`;
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
      { field: "usd", title: usd },
      { field: "seconds", title: seconds },
      { field: "uplinkMbit", title: "uplink, Mbit per worker" },
      { field: "onFront", title: "on the front" },
    ],
    hasLogarithmicX: false,
    key: [],
    spec: (options) =>
      pointsSpec(
        {
          names,
          x: position("usd", usd, { scale: SCALE }),
          y: position("seconds", seconds, { scale: SCALE }),
          tooltip: [
            { field: "run", type: "nominal", title: "run" },
            { field: "series", type: "nominal", title: "curve" },
            { field: "usd", type: "quantitative", title: "US$", format: ".4~g" },
            { field: "seconds", type: "quantitative", title: "s", format: ",.4~g" },
            { field: "uplinkMbit", type: "quantitative", title: "Mbit per worker", format: ".4~g" },
            { field: "onFront", type: "nominal", title: "on the front" },
          ],
          filled: ON_FRONT,
          size: 90,
          joined: { filter: ON_FRONT, order: "usd" },
        },
        options,
      ),
  };
}
