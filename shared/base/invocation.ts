/**
 * How the command is called, in what is printed to be copied: from a checkout, or from a folder where the package is
 * installed, which holds JavaScript. Not through npx: elsewhere that asks the registry for a package `marina`, which is
 * none of ours, even with --no-install. These fail there, and ask nothing.
 */
export const MARINA = import.meta.url.endsWith(".ts") ? "node cli/marina.js" : "node_modules/.bin/marina";
