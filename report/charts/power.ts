/** What a round takes and costs with each memory of the worker's function. */
import type { ReportData } from "../report-data.ts";
import type { Chart } from "./chart.ts";
import { position } from "./parts.ts";
import { pointsSpec } from "./points.ts";

const SCALE = { type: "log", nice: false, padding: 24 };

export function powerChart({ power }: ReportData): Chart {
  const usd = "price of 1,000 rounds, US$, predicted";
  const milliseconds = "latency of a round, ms, predicted";
  const fields = [
    { field: "architecture", title: "architecture", type: "nominal" },
    { field: "memoryMb", title: "memory, MB", type: "quantitative", format: "," },
    { field: "milliseconds", title: milliseconds, type: "quantitative", format: ",.4~g" },
    { field: "usd", title: usd, type: "quantitative", format: ".4~g" },
    { field: "best", title: "is the", type: "nominal" },
  ] as const;
  return {
    id: "power",
    section: "Memory and architecture",
    title: "Dollars and milliseconds of a round",
    caption:
      "Each point is a memory of the worker's function; filled: the cheapest, the fastest, and the balanced one, of least dollars times seconds.",
    source: { kind: "power" },
    columns: fields.map(({ field, title }) => ({ field, title })),
    hasLogarithmicX: false,
    isWide: true,
    key: [],
    spec: (options) =>
      pointsSpec(
        {
          names: [...new Set(power.map(({ architecture }) => architecture))],
          x: position("usd", usd, { scale: SCALE }),
          y: position("milliseconds", milliseconds, { scale: SCALE }),
          tooltip: fields,
          filled: "datum.best !== ''",
          size: 90,
        },
        options,
      ),
  };
}
