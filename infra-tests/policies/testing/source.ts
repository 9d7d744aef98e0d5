/** What the command line asks of AWS, as its source says. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../local/paths.ts";

const ADAPTERS = "shared/cloud/aws";
/** Whose calls of the ports reach a deployed stack. */
const COMMAND_LINE = ["cli", "client", "sweep", "monitor", "report", "shared/data"];

/** Operations that the adapters ask for: a command of the SDK, a pagination of one, or a signed request. */
export function adapterOperations(): string[] {
  const operations = [/new (\w+)Command\(/g, /\bpaginate(\w+)\(/g, /Version\d+\.(\w+)"/g];
  const found = sources(ADAPTERS).flatMap(({ text }) =>
    operations.flatMap((pattern) => [...text.matchAll(pattern)].map(([, operation]) => operation!)),
  );
  return [...new Set(found)].sort();
}

/** Calls of the ports that change something or touch a queue: "FILE PORT.CALL(FIRST ARGUMENT". */
export function portCalls(): string[] {
  const call =
    /\b(objects|queues)\.(put|putStream|delete|create|address|destroy|send|receive|extend|waiting)\(\s*([#\w.]+(?:\([\w.]*\))?)/g;
  const found = COMMAND_LINE.flatMap(sources).flatMap(({ path, text }) =>
    [...text.matchAll(call)].map(([, port, name, argument]) => `${path} ${port}.${name}(${argument}`),
  );
  return [...new Set(found)].sort();
}

function sources(folder: string): { readonly path: string; readonly text: string }[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !/\.test\.ts$|\/testing\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(projectRoot, path), "utf8") }));
}
