/** A report's charts as pictures, made without a browser, and its numbers as CSV. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { parse, View } from "vega";
import { MarinaError } from "../shared/base/index.ts";
import type { Chart, VegaLite } from "./charts/chart.ts";
import { chartsOf } from "./charts.ts";
import { toVega } from "./compile.ts";
import { vegaConfig } from "./palette.ts";
import type { ReportData } from "./report-data.ts";
import { rowsOf } from "./rows.ts";

/** Pixels of a PNG for each unit of the drawing: 300 dots per inch at the drawing's size in print. */
const PNG_SCALE = 3;

export interface Picture {
  /** Without its ending. */
  readonly name: string;
  readonly svg: string;
}

/** The charts in the light theme, each with its own legend. */
export async function pictures(data: ReportData): Promise<Picture[]> {
  const made: Picture[] = [];
  for (const chart of chartsOf(data)) made.push({ name: chart.id, svg: await svgOf(chart, data) });
  return made;
}

function svgOf(chart: Chart, data: ReportData): Promise<string> {
  return draw(
    chart.spec({ logarithmicX: false, picture: true }),
    chart.title,
    rowsOf(data, chart.source).map((row) => ({ ...row })),
  );
}

/** One chart as SVG, in the light theme. @param rows of the specification's data "rows". */
export async function draw(
  chart: VegaLite,
  title: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<string> {
  const titled = { ...toVega(chart), title: { text: title, anchor: "start", offset: 10 } };
  const runtime = parse(
    titled as Parameters<typeof parse>[0],
    vegaConfig("light") as Parameters<typeof parse>[1],
  );
  const view = new View(runtime, { renderer: "none" });
  try {
    view.data("rows", [...rows]);
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

const FONT = {
  loadSystemFonts: true,
  sansSerifFamily: "Liberation Sans",
  defaultFontFamily: "DejaVu Sans",
};

/** @throws MarinaError "unavailable" where no font is installed: pictures would have no letters. */
function checkLetters(): void {
  const letters = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><text y="15" font-family="sans-serif">x</text></svg>`;
  if (new Resvg(letters, { font: FONT }).getBBox() !== undefined) return;
  throw new MarinaError(
    "unavailable",
    "--png: no font is installed here, so pictures would have no letters; install one (e.g. the package fonts-dejavu-core), or use --svg",
  );
}

function pngOf(svg: string): Uint8Array {
  return new Resvg(svg, { font: FONT, fitTo: { mode: "zoom", value: PNG_SCALE } }).render().asPng();
}

/** Writes one file for each of the report's charts and returns how many. */
export async function writePictures(data: ReportData, folder: string, kind: "png" | "svg"): Promise<number> {
  mkdirSync(folder, { recursive: true });
  if (kind === "png") checkLetters();
  const all = await pictures(data);
  for (const { name, svg } of all)
    writeFileSync(join(folder, `${name}.${kind}`), kind === "svg" ? svg : pngOf(svg));
  return all.length;
}
