/** The page of all runs: its table is sorted by a column's heading, and shows the runs whose line has the words asked for. */
import { byId } from "./dom.js";

const table = byId("all-runs");
const body = /** @type {HTMLTableSectionElement} */ (table.querySelector("tbody"));
const headings = /** @type {NodeListOf<HTMLTableCellElement>} */ (table.querySelectorAll("th"));

headings.forEach((heading, column) => {
  heading.querySelector("button")?.addEventListener("click", () => {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = [...body.rows];
    rows.sort((a, b) => compare(keyOf(a, column), keyOf(b, column), descending ? -1 : 1));
    body.append(...rows);
  });
});

const words = /** @type {HTMLInputElement} */ (byId("words"));
words.addEventListener("input", () => {
  const wanted = words.value.toLowerCase().split(/\s+/);
  for (const row of body.rows) {
    const text = (row.textContent ?? "").toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
  }
});

// A link to a run opens what is told of it.
const openTarget = () => {
  const target =
    location.hash === "" ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", openTarget);
openTarget();

/**
 * @param {HTMLTableRowElement} row
 * @param {number} column
 */
function keyOf(row, column) {
  return row.cells[column]?.dataset["key"] ?? "";
}

/**
 * Numbers by size, words by the alphabet, what is not known last.
 * @param {string} a
 * @param {string} b
 * @param {1 | -1} direction
 */
function compare(a, b, direction) {
  if (a === "" || b === "") return Number(a === "") - Number(b === "");
  const [x, y] = [Number(a), Number(b)];
  return direction * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y);
}
