/** The page's programs as text: Vega as it is shipped, and the page's own code in one piece. */
import { existsSync, readFileSync } from "node:fs";
import { bundlePage } from "./bundle-page.ts";

/** Where the package holds the page's code, made by the build; a checkout makes it when it is needed. */
const BUILT = new URL("./page-script.js", import.meta.url);

/** Sets the global `vega`. */
export function vegaScript(): string {
  const module = import.meta.resolve("vega");
  return readFileSync(new URL("./vega.min.js", module), "utf8");
}

export function clientScript(): string {
  return existsSync(BUILT) ? readFileSync(BUILT, "utf8") : bundlePage();
}
