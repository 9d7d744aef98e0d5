/** Tables: built when they are opened, since a long one costs more than all charts together. */

import { columnText, MANY_DIGITS } from "../column-text.ts";
import { element } from "./dom.js";

const MOST_ROWS = 2000;
/** Characters that a cell holds in one line. */
const SHORT_TEXT = 32;

/**
 * @param {readonly { readonly field: string, readonly title: string }[]} columns
 * @param {readonly object[]} rows
 * @param {number} digits
 */
export function table(columns, rows, digits = MANY_DIGITS) {
  const texts = columns.map(({ field }) =>
    columnText(
      rows.slice(0, MOST_ROWS).map((row) => /** @type {Readonly<Record<string, unknown>>} */ (row)[field]),
      digits,
    ),
  );
  const head = element("tr", {}, ...columns.map(({ title }) => element("th", { scope: "col" }, title)));
  const body = rows.slice(0, MOST_ROWS).map((row) =>
    element(
      "tr",
      {},
      ...columns.map(({ field, title }, i) => {
        const value = /** @type {Readonly<Record<string, unknown>>} */ (row)[field];
        const number = typeof value === "number" || value === null;
        const shown = /** @type {(value: unknown) => string} */ (texts[i])(value);
        const kind = number
          ? { class: "number" }
          : { dir: "auto", ...(shown.length <= SHORT_TEXT ? { class: "short" } : {}) };
        return element("td", { ...kind, "data-label": title }, shown);
      }),
    ),
  );
  const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  const box = element("div", { class: "scroll", tabindex: "0" }, made);
  if (rows.length <= MOST_ROWS) return box;
  const note = `The first ${MOST_ROWS.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} rows; all are in the files of: marina report --csv.`;
  return element("div", {}, box, element("p", { class: "note" }, note));
}

/**
 * A table that appears when its heading is opened.
 * @param {string} heading
 * @param {() => HTMLElement} build
 */
export function folded(heading, build) {
  const box = element("details", {}, element("summary", {}, heading));
  const fill = () => {
    box.querySelector(":scope > .content")?.remove();
    if (/** @type {HTMLDetailsElement} */ (box).open)
      box.append(element("div", { class: "content" }, build()));
  };
  box.addEventListener("toggle", fill);
  /** On paper nothing can be opened. @param {boolean} wanted */
  const open = (wanted) => {
    /** @type {HTMLDetailsElement} */ (box).open = wanted;
    fill();
  };
  return { box, refresh: fill, open };
}
