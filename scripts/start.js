// npm start: installs what is missing, then runs the quickstart. Extra words go to it: npm start -- --json
import { install, root, run } from "./install.js";

install();
run("", [`${root}/cli/main.ts`, "quickstart", ...process.argv.slice(2)]);
