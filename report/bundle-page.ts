/** The page's own code made into one piece. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("./client/main.js", import.meta.url));

export function bundlePage(): string {
  // Loaded here: the package holds the piece, and has no esbuild.
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const { outputFiles } = buildSync({
    entryPoints: [ENTRY],
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
