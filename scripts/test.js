// npm test: installs what is missing, then checks format, lint, types, the rule of imports, and runs all tests.
// With file names or options: only vitest, with these.
import { install, root, run, tool } from "./install.js";

install();
const asked = process.argv.slice(2);
const vitest = tool("vitest", "vitest.mjs");
if (asked.length > 0) {
  run("vitest", [vitest, "run", ...asked]);
} else {
  run("format and lint (biome)", [tool("@biomejs/biome", "bin/biome"), "check", "--error-on-warnings", root]);
  run("types (tsc)", [tool("typescript", "bin/tsc"), "-p", "tsconfig.json"]);
  run("rule of imports (dependency-cruiser)", [
    tool("dependency-cruiser", "bin/dependency-cruise.mjs"),
    "--config",
    ".dependency-cruiser.js",
    "shared",
    "lambdas",
    "embedded",
    "cli",
    "bench",
  ]);
  run("tests (vitest)", [vitest, "run"]);
}
