/**
 * How the command is called from a checkout, in what is printed to be copied. Not through npx: outside a checkout that asks
 * the registry for a package `marina`, which is none of ours, even with --no-install. This fails there, and asks nothing.
 */
export const MARINA = "node cli/marina.js";
