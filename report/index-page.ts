/** One page of all runs: when, how far, why they ended, what they took, and how each is looked at and made again. */
import { columnText, FEW_DIGITS } from "./column-text.ts";
import { escapeHtml, insideScript, pageHead, sha256Base64 } from "./html.ts";
import { clientScript } from "./scripts.ts";
import { STYLE } from "./style.ts";

export interface IndexedRun {
  readonly run: string;
  readonly method: string;
  readonly data: string;
  /** n; where it changes, all of them. */
  readonly workers: string;
  /** Milliseconds since 1970 at which it was begun; null where the store does not tell. */
  readonly begun: number | null;
  /** Why it ended, or what it does. */
  readonly ended: string;
  readonly rounds: number | null;
  readonly relativeGradientNormSquared: number | null;
  readonly uplinkMbit: number | null;
  readonly seconds: number | null;
  readonly usd: number | null;
  /** Each with what it is for. */
  readonly commands: readonly (readonly [what: string, command: string])[];
}

interface Column {
  readonly title: string;
  readonly value: (run: IndexedRun) => string | number | null;
  readonly text?: (value: string | number | null) => string;
}

/** @param predicts seconds and dollars are the embedded cloud's prediction. */
export function indexPage(
  runs: readonly IndexedRun[],
  { title, predicts }: { readonly title: string; readonly predicts: boolean },
): string {
  const newest = runs.toSorted((a, b) => (b.begun ?? 0) - (a.begun ?? 0) || (a.run < b.run ? -1 : 1));
  const predicted = predicts ? " (predicted)" : "";
  const columns: readonly Column[] = [
    { title: "run", value: ({ run }) => run },
    { title: "begun", value: ({ begun }) => begun, text: dateText },
    { title: "method", value: ({ method }) => method },
    { title: "data", value: ({ data }) => data },
    { title: "workers", value: ({ workers }) => workers },
    { title: "ended", value: ({ ended }) => ended },
    { title: "rounds", value: ({ rounds }) => rounds },
    { title: "‖∇f‖² / start", value: ({ relativeGradientNormSquared: norm }) => norm },
    { title: "Mbit per worker", value: ({ uplinkMbit }) => uplinkMbit },
    { title: `seconds${predicted}`, value: ({ seconds }) => seconds },
    { title: `US$${predicted}`, value: ({ usd }) => usd },
  ];
  const script = insideScript(clientScript("index"));
  const policy = `default-src 'none'; script-src 'sha256-${sha256Base64(script)}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
  const usd = runs.reduce((sum, run) => sum + (run.usd ?? 0), 0);
  return `${pageHead({ title, policy, style: STYLE + INDEX_STYLE })}<body>
<header><h1 dir="auto">${escapeHtml(title)}</h1><label class="controls">show runs with <input id="words" type="search"></label></header>
<main>
<p class="note">${runs.length.toLocaleString("en-US")} runs, $${columnText([usd], FEW_DIGITS)(usd)}${predicted} together. A heading sorts, once more the other way round; a run's name leads to what is known of it.</p>
<div id="runs"><div class="scroll whole" tabindex="0"><table id="all-runs">
<thead><tr>${columns.map(({ title: heading }) => `<th scope="col"><button type="button">${escapeHtml(heading)}</button></th>`).join("")}</tr></thead>
<tbody>
${rowsHtml(newest, columns)}
</tbody></table></div></div>
<h2>Each run</h2>
${newest.map(sectionHtml).join("\n")}
</main>
<script>${script}</script>
</body>
</html>
`;
}

function rowsHtml(runs: readonly IndexedRun[], columns: readonly Column[]): string {
  const texts = columns.map(({ value, text }) => text ?? columnText(runs.map(value), FEW_DIGITS));
  const lines = runs.map((run) => {
    const cells = columns.map(({ title, value }, i) => {
      const key = value(run);
      const text = escapeHtml(texts[i]!(key));
      const isNumber = typeof key !== "string" && title !== "begun";
      const shown = i === 0 ? `<a href="#${idOf(run)}">${text}</a>` : text;
      return `<td class="${isNumber ? "number" : "short"}" ${isNumber ? "" : 'dir="auto" '}data-label="${escapeHtml(title)}" data-key="${key === null ? "" : escapeHtml(String(key))}">${shown}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return lines.join("\n");
}

function sectionHtml(run: IndexedRun): string {
  const commands = run.commands.map(
    ([what, command]) => `<h4>${escapeHtml(what)}</h4><pre tabindex="0">${escapeHtml(command)}</pre>`,
  );
  return `<details id="${idOf(run)}"><summary><bdi>${escapeHtml(run.run)}</bdi>: ${escapeHtml(run.method)} on ${escapeHtml(run.data)}, ${escapeHtml(run.ended)}</summary>${commands.join("")}</details>`;
}

/** Names of runs are letters, digits, dots, lines. */
function idOf({ run }: IndexedRun): string {
  return `run-${escapeHtml(run)}`;
}

/** In universal time: the page may be read elsewhere. */
function dateText(begun: string | number | null): string {
  return typeof begun === "number"
    ? `${new Date(begun).toISOString().slice(0, 16).replace("T", " ")} UTC`
    : "–";
}

const INDEX_STYLE = `
:root { color-scheme: light dark; }
@media screen and (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #a2abb5; --line: #3a4048; --back: #16191d; --box: #20252b; --accent: #6bbcf0; } }
#runs .scroll.whole { max-height: none; }
th button { font: inherit; font-weight: 600; color: inherit; border: none; background: none; padding: 0; text-align: left; }
th[aria-sort="ascending"] button::after { content: " ▲"; }
th[aria-sort="descending"] button::after { content: " ▼"; }
details { scroll-margin-top: 1rem; }
@media (max-width: 40rem) {
  #all-runs thead { display: block; margin-bottom: .5rem; }
  #all-runs thead tr { display: flex; flex-wrap: wrap; gap: .2rem .9rem; margin: 0; border: none; }
  #all-runs th { position: static; padding: 0; border: none; background: none; }
}
@media print { details:not([open]) { display: block; } }
`;
