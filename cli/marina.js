#!/usr/bin/env node
// The marina command. The package holds JavaScript. In a checkout Node 24 runs the TypeScript sources as they are; an
// older Node hands over to the project's own.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "main.ts");
const isCheckout = existsSync(source);
const main = isCheckout ? source : join(here, "..", "dist", "cli", "main.js");
const major = Number(process.versions.node.split(".")[0]);

if (isCheckout && !existsSync(join(here, "..", "node_modules", "commander"))) {
  console.error('marina: dependencies are missing; run "npm start" once (it installs them)');
  process.exit(1);
} else if (!isCheckout || major >= 24) {
  // Stripped and compiled sources are kept in the system's folder for temporary files: halves the time of a start.
  module.enableCompileCache?.();
  await import(pathToFileURL(main).href);
} else {
  const node24 = join(
    here,
    "..",
    "node_modules",
    "node",
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  if (!existsSync(node24)) {
    console.error(
      `marina: needs Node 24, this is ${process.versions.node}, and ${node24} is missing; run "npm start" once`,
    );
    process.exit(1);
  }
  const child = spawn(node24, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // A terminal sends Ctrl-C to both: the child decides, this one waits for it. A signal to this one alone is passed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
