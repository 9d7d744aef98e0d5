// npm test: installs what is missing, then checks format, lint, types, the rule of imports, runs all tests, and deploys
// the service to a local cloud and runs the central scenarios there. All of them: npm run test:all.
// With file names or options: only vitest, with these.

import { ensureChromium } from "./chromium.js";
import { floors, outside } from "./floors.js";
import { endToEnd, install, root, run, tool } from "./install.js";

install();
ensureChromium();
const asked = process.argv.slice(2);
const vitest = tool("vitest", "vitest.mjs");
if (asked.length > 0) {
  run("vitest", [vitest, "run", ...asked]);
} else {
  run("format and lint (biome)", [tool("@biomejs/biome", "bin/biome"), "check", "--error-on-warnings", root]);
  for (const project of ["tsconfig.json", "report/client/tsconfig.json"]) {
    run(`types (tsc -p ${project})`, [tool("typescript", "bin/tsc"), "-p", project]);
  }
  run("rule of imports (dependency-cruiser)", [
    tool("dependency-cruiser", "bin/dependency-cruiser.mjs"),
    "--config",
    ".dependency-cruiser.js",
    ...new Set([...floors, ...outside].map(({ folder }) => folder.split("/")[0])),
  ]);
  run("tests (vitest)", [vitest, "run"]);
  // MiniStack of the two local clouds: it starts in a second and installs in ten.
  endToEnd("ministack", ["scenarios"]);
}
