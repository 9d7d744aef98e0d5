/** The page's programs as text: Vega as it is shipped, and the page's own code in one piece. */
import { existsSync, readFileSync } from "node:fs";
import { bundlePage, type PageName } from "./bundle-page.ts";

/** Sets the global `vega`. */
export function vegaScript(): string {
  const module = import.meta.resolve("vega");
  return readFileSync(new URL("./vega.min.js", module), "utf8");
}

export function clientScript(page: PageName): string {
  // Where the package holds the code, made by the build; a checkout makes it when it is needed.
  const built = new URL(`./${page}-script.js`, import.meta.url);
  return existsSync(built) ? readFileSync(built, "utf8") : bundlePage(page);
}
