// A reporter for vitest: its own time limits need a turn of the event loop, so a test that never gives one (a loop without
// end, a program waited for that does not end) would hold up the run for ever. This names it, shows where it is, and ends the run.
import { execFileSync } from "node:child_process";
import { relative } from "node:path";
import { performance } from "node:perf_hooks";

/** Beyond any test's own limit, by which vitest ends all that only waits: ten minutes at most. */
const SILENT_SECONDS = 900;
const LOOK_MILLISECONDS = 1000;
/** Node's inspector listens here when a process is told SIGUSR1. */
const INSPECTOR = "http://127.0.0.1:9229/json/list";
const ANSWER_MILLISECONDS = 5000;
const FRAMES = 20;
/** Characters of a command. */
const SHOWN = 240;

export default class HungTests {
  #root = "";
  /** Test files under way: when something was last heard of them, and the last test that began. */
  #files = new Map();
  /** Word of them may come late. */
  #ended = new Set();
  #limit = 1000 * Number(process.env["MARINA_HUNG_SECONDS"] ?? SILENT_SECONDS);

  onInit(vitest) {
    this.#root = vitest.config.root;
    const look = setInterval(() => {
      const hung = this.silentAt(performance.now());
      if (hung.length === 0) return;
      clearInterval(look);
      void this.#end(hung);
    }, LOOK_MILLISECONDS);
    look.unref();
  }

  /** Test files of which nothing was heard for too long, with what was heard last. @param now as performance.now() tells it */
  silentAt(now) {
    return [...this.#files].filter(([, { heard }]) => now - heard > this.#limit);
  }

  onTestModuleStart({ moduleId }) {
    if (!this.#ended.has(moduleId))
      this.#files.set(moduleId, { heard: performance.now(), test: "(no test yet)" });
  }

  onTestCaseReady({ module, fullName }) {
    this.#heard(module, fullName);
  }

  onTestCaseResult({ module, fullName }) {
    this.#heard(module, fullName);
  }

  #heard({ moduleId }, test) {
    if (this.#files.has(moduleId)) this.#files.set(moduleId, { heard: performance.now(), test });
  }

  onTestModuleEnd({ moduleId }) {
    this.#ended.add(moduleId);
    this.#files.delete(moduleId);
  }

  async #end(hung) {
    for (const [file, { test }] of hung) {
      const silent = (this.#limit / 1000).toFixed(0);
      console.error(`\nHUNG: ${relative(this.#root, file)}: nothing heard for ${silent} s, last of: ${test}`);
    }
    const processes = processesBelow(process.pid);
    console.error(
      `Processes of this run:\n${processes.map(({ line }) => `  ${shortened(line)}`).join("\n")}`,
    );
    for (const { pid } of processes.filter(({ line }) => line.includes("workers/forks")))
      console.error(`Where process ${pid} is:\n${await stackOf(pid)}`);
    for (const { pid } of processes) kill(pid, "SIGKILL");
    process.exit(1);
  }
}

/** All processes that descend from this one, as ps shows them. */
function processesBelow(ancestor) {
  const all = execFileSync("ps", ["-A", "-o", "pid=,ppid=,etime=,stat=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim())
    .map((line) => ({ line, pid: Number.parseInt(line, 10), parent: Number(line.split(/\s+/)[1]) }));
  const found = [];
  const below = [ancestor];
  for (let parent = below.pop(); parent !== undefined; parent = below.pop()) {
    for (const each of all) {
      if (each.parent !== parent || each.line.includes(" ps -A ")) continue;
      found.push(each);
      below.push(each.pid);
    }
  }
  return found;
}

/** Of a long command its beginning and its end. */
function shortened(line) {
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN / 2)} ... ${line.slice(-SHOWN / 2)}`;
}

/** The calls that a busy process is in, by its inspector; of one that waits for a program there is none to be had. */
async function stackOf(pid) {
  try {
    if (!kill(pid, "SIGUSR1")) return "  ended";
    const url = await inspectorUrl();
    const frames = await pausedFrames(url);
    return frames.map((frame) => `  ${frame}`).join("\n");
  } catch (error) {
    return `  not to be had (${error instanceof Error ? error.message : error}): it waits for one of its processes, or for nothing`;
  } finally {
    kill(pid, "SIGKILL");
  }
}

async function inspectorUrl() {
  const until = performance.now() + ANSWER_MILLISECONDS;
  for (;;) {
    try {
      const [target] = await (await fetch(INSPECTOR)).json();
      return target.webSocketDebuggerUrl;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function pausedFrames(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const timer = setTimeout(() => reject(new Error("no answer")), ANSWER_MILLISECONDS);
    const scripts = new Map();
    socket.onerror = () => reject(new Error("no connection"));
    socket.onopen = () => {
      for (const [id, method] of ["Debugger.enable", "Debugger.pause"].entries())
        socket.send(JSON.stringify({ id, method }));
    };
    socket.onmessage = ({ data }) => {
      const { method, params } = JSON.parse(data);
      if (method === "Debugger.scriptParsed") scripts.set(params.scriptId, params.url);
      if (method !== "Debugger.paused") return;
      clearTimeout(timer);
      socket.close();
      resolve(
        params.callFrames.slice(0, FRAMES).map(({ functionName, location }) => {
          const { scriptId, lineNumber, columnNumber } = location;
          return `at ${functionName || "(anonymous)"} (${scripts.get(scriptId)}:${lineNumber + 1}:${columnNumber + 1})`;
        }),
      );
    };
  });
}

/** False when it is gone already. */
function kill(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
