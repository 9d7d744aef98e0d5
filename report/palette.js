/** Colours, dashes and shapes: told apart by the colour-blind, in light and dark, and in black and white. */
/**
 * The palette of Okabe and Ito (https://jfly.uni-koeln.de/color/), most distinct first. Its yellow can't be seen on
 * white and its black not on dark: each theme leaves one out.
 */
const COLOURS = {
  light: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"],
  dark: ["#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#F0E442", "#E8E8E8"],
};
/** A bill's items, on both themes: neighbours in the stack differ in lightness, so that they part without hue. */
export const STACK_COLOURS = [
  "#0072B2",
  "#56B4E9",
  "#BFE0F5",
  "#D55E00",
  "#E69F00",
  "#F5DCA0",
  "#009E73",
  "#9FDCC8",
];
/** On and off lengths in pixels; six, so that with seven colours 42 curves differ. */
const DASHES = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [14, 4],
  [5, 2, 1, 2, 1, 2],
];
export function colourOf(series, theme) {
  const colours = COLOURS[theme];
  return colours[series % colours.length];
}
export function dashOf(series) {
  return DASHES[series % DASHES.length];
}
export function dashes(count) {
  return Array.from({ length: count }, (_, i) => dashOf(i));
}
/** Outlines of points in the square from -1 to 1, as SVG paths of about the same area; six, as there are dashes. */
const SHAPES = [
  "M0.9,0A0.9,0.9,0,1,1,-0.9,0A0.9,0.9,0,1,1,0.9,0Z",
  "M-0.8,-0.8H0.8V0.8H-0.8Z",
  "M0,-1L1,0.8H-1Z",
  "M0,-1.1L1,0L0,1.1L-1,0Z",
  "M0,1L1,-0.8H-1Z",
  "M-0.35,-1H0.35V-0.35H1V0.35H0.35V1H-0.35V0.35H-1V-0.35H-0.35Z",
];
export function shapeOf(series) {
  return SHAPES[series % SHAPES.length];
}
export function shapes(count) {
  return Array.from({ length: count }, (_, i) => shapeOf(i));
}
const INK = {
  light: { text: "#1b1f24", grid: "#dfe3e8", background: "#ffffff" },
  dark: { text: "#e6e8eb", grid: "#3a4048", background: "#16191d" },
};
/** Vega's configuration for a theme. */
export function vegaConfig(theme) {
  const { text, grid, background } = INK[theme];
  const font = "system-ui, 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif";
  return {
    background,
    axis: {
      labelColor: text,
      titleColor: text,
      domainColor: text,
      tickColor: text,
      gridColor: grid,
      labelFont: font,
      titleFont: font,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: "normal",
      labelOverlap: true,
    },
    legend: { labelColor: text, titleColor: text, labelFont: font, titleFont: font, labelFontSize: 11 },
    title: { color: text, font, fontSize: 13 },
    range: { category: COLOURS[theme] },
  };
}
