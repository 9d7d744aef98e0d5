// Runs one of the project's TypeScript programs under its own Node, installing what is missing first.
import { install, run } from "./install.js";

install();
const [program, ...args] = process.argv.slice(2);
run("", [program, ...args]);
