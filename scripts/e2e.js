// End to end on a local cloud (or AWS): node scripts/e2e.js ministack|localstack|localstack-stock|aws [vitest options]
import { endToEndProgram, install, run } from "./install.js";

install();
const [cloud = "ministack", ...options] = process.argv.slice(2);
const { title, args, variables } = endToEndProgram(cloud, options);
run(title, args, variables);
