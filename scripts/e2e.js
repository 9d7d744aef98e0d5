// End to end on a local cloud (or AWS): node scripts/e2e.js ministack|localstack|localstack-stock|aws [vitest options]
import { endToEnd, install } from "./install.js";

install();
const [cloud = "ministack", ...options] = process.argv.slice(2);
endToEnd(cloud, options);
