/** The page: one HTML file that needs nothing and asks for nothing. */
import type { Chart } from "./charts/chart.ts";
import { chartsOf } from "./charts.ts";
import { toVega } from "./compile.ts";
import { escapeHtml, insideScript, jsonInside, pageHead, sha256Base64 } from "./html.ts";
import type { PageChart, PageContent, PageSpec } from "./page-content.ts";
import type { ReportData } from "./report-data.ts";
import { clientScript, vegaScript } from "./scripts.ts";
import { STYLE } from "./style.ts";

const UNEVEN = 5;

/** @param live the page follows a run: it may talk to where it came from. */
export function reportPage(data: ReportData, { live = false } = {}): string {
  const content: PageContent = { live, data, charts: chartsOf(data, { all: live }).map(pageChart) };
  const scripts = [vegaScript(), clientScript("page")].map(insideScript);
  // Vega compiles its expressions, which are the program's own, into functions: hence unsafe-eval. Data never become
  // expressions. Nothing may be fetched, sent or framed.
  const policy = [
    "default-src 'none'",
    `script-src 'unsafe-eval' ${scripts.map((text) => `'sha256-${sha256Base64(text)}'`).join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    `connect-src ${live ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const kind = data.predicts
    ? "Seconds and dollars are the embedded cloud's prediction for AWS (us-east-1)."
    : "Seconds and dollars are measured; dollars by the dated price table of us-east-1.";
  return `${pageHead({ title: data.title, policy, style: STYLE })}<body>
<header>
<h1 dir="auto">${escapeHtml(data.title)}</h1>
<div class="controls">
<label><input type="checkbox" id="logarithmic-x"${isUneven(data) ? " checked" : ""}> logarithmic horizontal axes</label>
<label>theme <select id="theme"><option value="system">system</option><option value="light">light</option><option value="dark">dark</option></select></label>
<span id="actions"></span>
</div>
</header>
<div id="state" role="status" aria-live="polite"></div>
<noscript><p>This page draws its charts with JavaScript, which is switched off here.</p></noscript>
<main>
<p class="note">${escapeHtml(kind)} Uplink bits are the paper's: mean over all workers, dense start included.</p>
<div id="runs"></div>
${adviceHtml(data)}<p class="note controls">Drag to move a chart, Ctrl or Shift with the wheel to zoom, double click to see all; with the keyboard: Tab to a chart, then + − 0 and the arrows.</p>
<div id="filters" class="controls" role="group" aria-label="Curves by what the sweep varied"></div>
<div id="legend" role="group" aria-label="Curves shown"></div>
<div id="charts"></div>
<h2${data.recipes.length === 0 ? " hidden" : ""}>How each run is made again</h2>
<div id="recipes"></div>
</main>
<div id="tooltip" role="tooltip" hidden></div>
<script type="application/json" id="content">${jsonInside(content)}</script>
<script>${scripts[0]}</script>
<script>${scripts[1]}</script>
</body>
</html>
`;
}

/** Not a word where nothing is to be gained. */
function adviceHtml({ advice }: ReportData): string {
  const items = advice.map(
    ({ series, text }) => `<li><bdi>${escapeHtml(series)}</bdi>: ${escapeHtml(text)}</li>`,
  );
  return items.length === 0
    ? ""
    : `<p class="note">Cheaper or faster by a trial of 60 rounds:</p>\n<ul class="note" id="advice">${items.join("")}</ul>\n`;
}

/** One run so much longer than most that on linear axes most would be a line on the left. */
function isUneven({ runs }: ReportData): boolean {
  const rounds = runs.map((run) => run.rounds).sort((a, b) => a - b);
  const median = rounds[Math.floor((rounds.length - 1) / 2)] ?? 0;
  return (rounds.at(-1) ?? 0) > UNEVEN * Math.max(1, median);
}

function pageChart({
  id,
  section,
  title,
  caption,
  source,
  columns,
  key,
  hasLogarithmicX,
  isWide = false,
  spec,
}: Chart): PageChart {
  const vega = (logarithmicX: boolean): PageSpec =>
    toVega(spec({ logarithmicX, picture: false })) as PageSpec;
  return {
    id,
    section,
    title,
    caption,
    source,
    columns,
    key,
    isWide,
    specs: { linear: vega(false), ...(hasLogarithmicX ? { logarithmic: vega(true) } : {}) },
  };
}
