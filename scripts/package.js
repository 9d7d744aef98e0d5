// npm run test:package: packs the package, installs it into empty projects outside this folder and uses it there.
import { install, run, tool } from "./install.js";

install();
run("the packed package (vitest)", [
  tool("vitest", "vitest.mjs"),
  "run",
  "--config",
  "tests/package/vitest.config.ts",
  ...process.argv.slice(2),
]);
