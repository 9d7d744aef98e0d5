/** Where things lie in the project. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));
/** Folder of the project's own Node: the functions must run on the release that Lambda runs. */
export const nodeFolder = join(projectRoot, "node_modules", "node", "bin");
/** What is made once and kept: Python environments. */
export const cacheFolder = join(projectRoot, "node_modules", ".cache", "marina");
