/** Choosing curves by what a sweep varied: a choice for each of its fields. */
import { element } from "./dom.js";

/** With one field or a handful of curves the legend does it. */
const FEWEST_FIELDS = 2;

/**
 * @param {readonly { readonly name: string, readonly settings: Readonly<Record<string, string>> }[]} series
 * @param {(shown: ReadonlySet<string>) => void} choose told the names of the curves that match every choice
 * @returns {readonly HTMLElement[]} none where there is nothing to choose by
 */
export function createFilters(series, choose) {
  const fields = [...new Set(series.flatMap(({ settings }) => Object.keys(settings)))];
  if (fields.length < FEWEST_FIELDS) return [];
  const selects = fields.map((field) => {
    const values = [...new Set(series.map(({ settings }) => settings[field] ?? "-"))];
    const select = /** @type {HTMLSelectElement} */ (
      element("select", {}, new Option("all", ""), ...values.map((value, i) => new Option(value, String(i))))
    );
    select.addEventListener("change", tell);
    return { field, values, select };
  });
  function tell() {
    const chosen = selects.filter(({ select }) => select.value !== "");
    const matching = series.filter(({ settings }) =>
      chosen.every(({ field, values, select }) => (settings[field] ?? "-") === values[Number(select.value)]),
    );
    choose(new Set(matching.map(({ name }) => name)));
  }
  return selects.map(({ field, select }) => element("label", {}, element("bdi", {}, field), " ", select));
}
