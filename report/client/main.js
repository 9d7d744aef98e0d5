/** The page: reads its data, builds what is to be seen, and keeps it in step with the reader's choices. */
import { ChartView } from "./chart-view.js";
import { byId, element } from "./dom.js";
import { createLegend } from "./legend.js";
import { follow } from "./live.js";
import { showRecipes, showRuns } from "./summary.js";
import { createTheme } from "./theme.js";

/** @type {import("../page-content.ts").PageContent} */
const content = JSON.parse(byId("content").textContent ?? "");
/** @type {readonly string[]} */
let hidden = [];

const scale = /** @type {HTMLInputElement} */ (byId("logarithmic-x"));
const { theme, force } = createTheme(() => {
  paintLegend();
  for (const view of views) view.redraw();
});
/** @type {import("./chart-view.js").Look} */
const look = { theme, logarithmicX: () => scale.checked, hidden: () => hidden, renderer: "canvas" };
const views = content.charts.map((chart) => new ChartView(chart, content.data, look));

const paintLegend = createLegend(content.data.series, theme, (now) => {
  hidden = now;
  for (const view of views) view.hide(hidden);
});

showRuns(content.data);
let openRecipes = showRecipes(content.data);
/** @type {Map<string, HTMLElement>} */
const sections = new Map();
content.charts.forEach(({ section }, i) => {
  const known = sections.get(section);
  const grid = known ?? element("div", { class: "charts" });
  if (known === undefined) {
    sections.set(section, grid);
    byId("charts").append(element("section", {}, element("h2", {}, section), grid));
  }
  grid.append(/** @type {ChartView} */ (views[i]).figure);
});

scale.addEventListener("change", () => {
  for (const view of views) view.redraw();
});

// Paper is light, and shows charts that the screen has not reached yet and what can't be opened there.
addEventListener("beforeprint", () => {
  look.renderer = "svg";
  force("light");
  for (const view of views) view.draw();
  openRecipes(true);
});
addEventListener("afterprint", () => {
  look.renderer = "canvas";
  force(null);
  openRecipes(false);
});

if (content.live) {
  for (const view of views) view.hideWhileEmpty();
  follow((data) => {
    showRuns(data);
    openRecipes = showRecipes(data);
    for (const view of views) view.update(data);
  });
}

// For scripts that read the page: each chart's Vega view, once it is drawn.
Object.assign(globalThis, {
  marinaCharts: Object.fromEntries(content.charts.map(({ id }, i) => [id, views[i]])),
});
