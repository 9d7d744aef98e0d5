/** The pages' own code, each made into one piece. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The page of runs, and the page that lists all of them. */
export type PageName = "page" | "index";
const ENTRIES: Readonly<Record<PageName, string>> = { page: "main.js", index: "index-page.js" };

export function bundlePage(page: PageName): string {
  // Loaded here: the package holds the piece, and has no esbuild.
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(`./client/${ENTRIES[page]}`, import.meta.url))],
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
