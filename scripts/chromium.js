// Chromium for the tests of the pages: installed where that is one command, else its absence is said in one line.
import { existsSync, readFileSync } from "node:fs";
import { installPackages } from "./debian.js";

const PLACES = JSON.parse(readFileSync(new URL("./chromium-places.json", import.meta.url), "utf8"));

/** Never fails: without Chromium its tests are left out, and say so. @param places where it may be */
export function ensureChromium(places = [process.env.CHROMIUM, ...PLACES]) {
  if (places.some((path) => path !== undefined && existsSync(path))) return;
  const missing = installPackages("Chromium for the pages' tests", ["chromium"]);
  if (missing !== undefined)
    console.log(
      `No Chromium here, and not installed (${missing}): the pages' tests in a browser are left out.`,
    );
}
