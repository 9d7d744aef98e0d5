/** One legend for all charts: a check box for each curve. */
import { colourOf, dashOf } from "../palette.ts";
import { button, byId, element } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {readonly string[]} names
 * @param {() => import("../palette.ts").Theme} theme
 * @param {(hidden: readonly string[]) => void} changed
 * @returns {() => void} draws the swatches anew, in the theme of now
 */
export function createLegend(names, theme, changed) {
  const boxes = names.map((name) => {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
    box.checked = true;
    box.addEventListener("change", tell);
    return { name, box };
  });
  const swatches = names.map((_, i) => swatch(i));
  const setAll = (/** @type {boolean} */ shown) => {
    for (const { box } of boxes) box.checked = shown;
    tell();
  };
  byId("legend").replaceChildren(
    ...boxes.map(({ name, box }, i) =>
      element("label", { title: name }, box, /** @type {Node} */ (swatches[i]), element("bdi", {}, name)),
    ),
    ...(names.length > 2
      ? [
          button("Show all curves", "all", () => setAll(true)),
          button("Hide all curves", "none", () => setAll(false)),
        ]
      : []),
  );
  function tell() {
    changed(boxes.filter(({ box }) => !box.checked).map(({ name }) => name));
  }
  const paint = () => {
    for (const [i, line] of swatches.entries()) {
      line.firstElementChild?.setAttribute("stroke", colourOf(i, theme()));
    }
  };
  paint();
  return paint;
}

/** @param {number} series */
function swatch(series) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", "34");
  svg.setAttribute("height", "10");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({
    x1: "1",
    x2: "33",
    y1: "5",
    y2: "5",
    "stroke-width": "2.5",
  })) {
    line.setAttribute(name, value);
  }
  line.setAttribute("stroke-dasharray", dashOf(series).join(" "));
  svg.append(line);
  return svg;
}
