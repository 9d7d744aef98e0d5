// Programs of the project that run at one time.
import { spawn } from "node:child_process";
import { environment, node24, root } from "./install.js";

/**
 * Runs all, each on the project's Node, and prints what each of them says in one piece, in this order: the first as it goes, the
 * others when those before them have ended. All of them come to their end, so that one call tells all that is wrong; then
 * this process ends where any has failed.
 * @param {readonly { title: string, args: readonly string[], variables?: Record<string, string> }[]} programs
 */
export async function runSideBySide(programs) {
  const children = new Set();
  // Ctrl-C reaches them by itself; whoever ends this process alone means them too.
  const pass = (signal) => {
    for (const child of children) child.kill(signal);
  };
  const wait = () => undefined;
  process.on("SIGTERM", pass).on("SIGINT", wait);
  const started = programs.map(({ title, args, variables }, i) => {
    const output = i === 0 ? "inherit" : "pipe";
    const begun = performance.now();
    const child = spawn(node24, args, {
      cwd: root,
      stdio: ["ignore", output, output],
      env: environment(variables),
    });
    children.add(child);
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => chunks.push(chunk));
    const ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        children.delete(child);
        resolve({ code, signal, seconds: (performance.now() - begun) / 1000 });
      });
    });
    return { title, chunks, ended };
  });
  let failed = false;
  let stoppedBy = null;
  for (const { title, chunks, ended } of started) {
    console.log(`\n== ${title}`);
    const { code, signal, seconds } = await ended;
    for (const chunk of chunks) process.stdout.write(chunk);
    const end = signal !== null ? `ended by ${signal}` : code === 0 ? "passed" : `failed (exit ${code})`;
    console.log(`-- ${title}: ${end} in ${seconds.toFixed(0)} s`);
    if (code !== 0) failed = true;
    stoppedBy ??= signal;
  }
  process.off("SIGTERM", pass).off("SIGINT", wait);
  if (stoppedBy !== null) process.kill(process.pid, stoppedBy);
  if (failed) process.exit(1);
}
