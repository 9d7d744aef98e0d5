/** The charts of a report, in the order of the page. */
import { billChart, billShareChart } from "./charts/bill.ts";
import type { Chart } from "./charts/chart.ts";
import { curveChart } from "./charts/curves.ts";
import { heldOutChart } from "./charts/held-out.ts";
import { powerChart } from "./charts/power.ts";
import { reachedChart } from "./charts/reached.ts";
import { latencyChart, slowRoundsChart } from "./charts/rounds.ts";
import { workersChart } from "./charts/workers.ts";
import { AXES, HELD_OUT_AXES, type ReportData } from "./report-data.ts";
import { rowsOf } from "./rows.ts";

/** Of the loss itself: of what is below it on the page these two tell enough. */
const AXES_OF_LOSS = ["round", "epochs"] as const;

/** A front of fewer points says nothing that the table does not. */
const POINTS_OF_A_FRONT = 3;

/** Charts that have something to show. @param all also those that have nothing yet: the page of a run under way shows them once they have. */
export function chartsOf(data: ReportData, { all = false } = {}): Chart[] {
  const charts = [
    ...AXES.map((axis) => curveChart(data, "gradientNormSquared", axis)),
    ...AXES_OF_LOSS.map((axis) => curveChart(data, "loss", axis)),
    ...AXES.map((axis) => curveChart(data, "excess", axis)),
    ...heldOutCharts(data, all),
    billChart(data),
    billShareChart(data),
    latencyChart(data),
    slowRoundsChart(data),
  ].filter(({ source }) => all || rowsOf(data, source).length > 0);
  const steps = data.series.flatMap(({ workers }) => workers);
  const shows = {
    workers: all || steps.length > 0,
    participants: all || steps.some(({ participants }) => participants !== null),
    front: all || data.reached.length >= POINTS_OF_A_FRONT,
  };
  for (const what of ["workers", "participants"] as const)
    if (shows[what]) charts.push(workersChart(data, what, "round"), workersChart(data, what, "seconds"));
  if (shows.front) charts.push(reachedChart(data));
  if (data.power.length > 0) charts.push(powerChart(data));
  return charts;
}

/** None of runs without held-out data, whatever is asked for. */
function heldOutCharts(data: ReportData, all: boolean): Chart[] {
  const known = data.series.flatMap(({ heldOut }) => heldOut);
  if (known.length === 0 && !(all && data.heldOut === true)) return [];
  return (["accuracy", "loss"] as const).flatMap((what) =>
    HELD_OUT_AXES.map((axis) => heldOutChart(data, what, axis)),
  );
}
