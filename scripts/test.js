// npm test: installs what is missing, then checks format, lint, types, the rule of imports, runs all tests, and deploys
// the service to a local cloud and runs the central scenarios there. All of them: npm run test:all.
// With file names or options: only vitest, with these.

import { ensureChromium } from "./chromium.js";
import { floors, outside } from "./floors.js";
import { endToEndProgram, install, root, run, tool } from "./install.js";
import { runSideBySide } from "./side-by-side.js";

install();
ensureChromium();
const asked = process.argv.slice(2);
const vitest = tool("vitest", "vitest.mjs");
if (asked.length > 0) {
  run("vitest", [vitest, "run", ...asked]);
} else {
  const types = (project) => ({
    title: `types (tsc -p ${project})`,
    args: [tool("typescript", "bin/tsc"), "-p", project],
  });
  await runSideBySide([
    {
      title: "format and lint (biome)",
      args: [tool("@biomejs/biome", "bin/biome"), "check", "--error-on-warnings", root],
    },
    types("tsconfig.json"),
    types("report/client/tsconfig.json"),
    {
      title: "rule of imports (dependency-cruiser)",
      args: [
        tool("dependency-cruiser", "bin/dependency-cruiser.mjs"),
        "--config",
        ".dependency-cruiser.js",
        ...new Set([...floors, ...outside].map(({ folder }) => folder.split("/")[0])),
      ],
    },
  ]);
  // MiniStack of the two local clouds: it starts in a second and installs in ten. Its scenarios mostly wait.
  await runSideBySide([
    { title: "tests (vitest)", args: [vitest, "run"] },
    endToEndProgram("ministack", ["scenarios"]),
  ]);
}
