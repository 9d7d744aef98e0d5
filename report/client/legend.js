/** One legend for all charts: a check box for each curve. */
import { colourOf, dashOf, shapeOf } from "../palette.ts";
import { button, byId, element } from "./dom.js";
import { createFilters } from "./filters.js";

const MOST_IN_ROWS = 8;
const REM_PER_LETTER = 0.48;
const LONGEST_REM = 38;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {readonly import("../report-data.ts").Series[]} series
 * @param {() => import("../palette.ts").Theme} theme
 * @param {(hidden: readonly string[]) => void} changed
 * @returns {() => void} draws the swatches anew, in the theme of now
 */
export function createLegend(series, theme, changed) {
  const boxes = series.map(({ name }) => {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
    box.checked = true;
    box.addEventListener("change", tell);
    return { name, box };
  });
  const swatches = series.map((_, i) => swatch(i));
  const show = (/** @type {(name: string) => boolean} */ isShown) => {
    for (const { name, box } of boxes) box.checked = isShown(name);
    tell();
  };
  byId("filters").replaceChildren(...createFilters(series, (shown) => show((name) => shown.has(name))));
  const legend = byId("legend");
  // Many curves stand in columns, each as wide as its longest name needs.
  const longest = Math.max(...series.map(({ name }) => name.length));
  legend.classList.toggle("many", series.length > MOST_IN_ROWS);
  legend.style.setProperty("--entry", `${Math.min(LONGEST_REM, 5.5 + longest * REM_PER_LETTER)}rem`);
  legend.replaceChildren(
    ...boxes.map(({ name, box }, i) =>
      element("label", { title: name }, box, /** @type {Node} */ (swatches[i]), element("bdi", {}, name)),
    ),
    ...(series.length > 2
      ? [
          button("Show all curves", "all", () => show(() => true)),
          button("Hide all curves", "none", () => show(() => false)),
        ]
      : []),
  );
  function tell() {
    changed(boxes.filter(({ box }) => !box.checked).map(({ name }) => name));
  }
  const paint = () => {
    for (const [i, line] of swatches.entries()) {
      line.style.color = colourOf(i, theme());
    }
  };
  paint();
  return paint;
}

/** @param {number} series */
function swatch(series) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", "47");
  svg.setAttribute("height", "12");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({
    x1: "1",
    x2: "33",
    y1: "6",
    y2: "6",
    "stroke-width": "2.5",
  })) {
    line.setAttribute(name, value);
  }
  line.setAttribute("stroke", "currentColor");
  line.setAttribute("stroke-dasharray", dashOf(series).join(" "));
  const point = document.createElementNS(SVG, "path");
  point.setAttribute("d", shapeOf(series));
  point.setAttribute("transform", "translate(42 6) scale(4)");
  point.setAttribute("fill", "currentColor");
  svg.append(line, point);
  return svg;
}
