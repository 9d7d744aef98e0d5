/** The page's programs as text: Vega as it is shipped, and the page's own code made into one piece. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const CLIENT = fileURLToPath(new URL("./client/main.js", import.meta.url));

/** Sets the global `vega`. */
export function vegaScript(): string {
  const module = import.meta.resolve("vega");
  return readFileSync(new URL("./vega.min.js", module), "utf8");
}

export function clientScript(): string {
  const { outputFiles } = buildSync({
    entryPoints: [CLIENT],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
  });
  return outputFiles[0]!.text;
}
