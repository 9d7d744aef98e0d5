/** The runs at a glance, and how each is made again. */

import { FEW_DIGITS } from "../column-text.ts";
import { byId, element } from "./dom.js";
import { folded, table } from "./tables.js";

/** @typedef {import("../report-data.ts").ReportData} ReportData */

/** @param {ReportData} data */
export function showRuns({ runs, predicts }) {
  const predicted = predicts ? " (predicted)" : "";
  // Runs of a sweep are called by their curve.
  const saysCurve = runs.every(({ run, series }) => run.startsWith(series));
  const columns = [
    { field: "run", title: "run" },
    ...(saysCurve ? [] : [{ field: "series", title: "curve" }]),
    { field: "data", title: "data" },
    { field: "workers", title: "workers" },
    { field: "seed", title: "seed" },
    { field: "ended", title: "ended" },
    { field: "rounds", title: "rounds" },
    { field: "epochs", title: "epochs" },
    { field: "relativeGradientNormSquared", title: "‖∇f‖² / start" },
    { field: "loss", title: "f(x)" },
    { field: "uplinkMbit", title: "Mbit per worker" },
    { field: "seconds", title: `seconds${predicted}` },
    { field: "usd", title: `US$${predicted}` },
    { field: "resentTasks", title: "resent tasks" },
  ];
  if (runs.length > 0) byId("runs").replaceChildren(table(columns, runs, FEW_DIGITS));
}

/**
 * @param {ReportData} data
 * @returns {(wanted: boolean) => void} opens or closes all of them
 */
export function showRecipes({ recipes }) {
  const entries = recipes.map(({ run, spec, constants, commands }) => {
    const columns = [
      { field: "name", title: "constant" },
      { field: "value", title: "value" },
    ];
    const rows = constants.map(([name, value]) => ({ name, value }));
    const build = () =>
      element(
        "div",
        {},
        element("h4", {}, "Commands"),
        element("pre", { tabindex: "0" }, commands),
        element("h4", { class: "spec" }, "Spec"),
        element("pre", { tabindex: "0", class: "spec" }, spec),
        element("h4", {}, "Constants"),
        table(columns, rows),
      );
    return folded(run, build);
  });
  byId("recipes").replaceChildren(...entries.map(({ box }) => box));
  return (wanted) => {
    for (const { open } of entries) open(wanted);
  };
}
