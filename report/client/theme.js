/** Light or dark: the system's, until the reader chooses. */
import { byId } from "./dom.js";

/**
 * @param {() => void} changed
 * @returns {{ theme: () => import("../palette.ts").Theme, force: (theme: import("../palette.ts").Theme | null) => void }}
 *   `force` is for printing: on paper all is light.
 */
export function createTheme(changed) {
  const choice = /** @type {HTMLSelectElement} */ (byId("theme"));
  const system = matchMedia("(prefers-color-scheme: dark)");
  /** @type {import("../palette.ts").Theme | null} */
  let forced = null;
  const theme = () => {
    if (forced !== null) return forced;
    if (choice.value === "light" || choice.value === "dark") return choice.value;
    return system.matches ? "dark" : "light";
  };
  const apply = () => {
    document.documentElement.dataset["theme"] = theme();
    changed();
  };
  document.documentElement.dataset["theme"] = theme();
  choice.addEventListener("change", apply);
  system.addEventListener("change", apply);
  return {
    theme,
    force(wanted) {
      forced = wanted;
      apply();
    },
  };
}
