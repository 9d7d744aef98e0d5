/**
 * How fast is an import, against Python's readers of the same file? Rows of a9a, repeated.
 * Usage: node bench/import.ts [--megabytes 500] [--python PYTHON] [--install]
 *
 * PYTHON: an interpreter that has scikit-learn and svmlight-loader (with --install: that gets them into a temporary
 * virtual environment, through pip); without either only our own figures are printed. Ours hashes the text and the rows
 * and encodes them as well, and throws the result away; Python's readers leave the rows in memory. All rates are of one
 * core's time, so that a busy machine moves the ratios little; but one: what a parser thread saves is told by the clock.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Command } from "commander";
import type { ObjectStore } from "../shared/cloud/ports.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import type { Figure } from "./figure.ts";
import { printFigures } from "./print.ts";

const options = new Command("bench:import")
  .option("--megabytes <n>", "size of the file", (text) => Number(text), 500)
  .option("--python <path>", "an interpreter that has scikit-learn and svmlight-loader")
  .option(
    "--install",
    "get those two into a temporary virtual environment of that interpreter, or of python3",
  )
  .option("--save", "make the ratios the baseline")
  .parse()
  .opts<{ megabytes: number; python?: string; install?: true }>();

const folder = mkdtempSync(join(tmpdir(), "marina-import-"));
try {
  const file = join(folder, "a9a-repeated");
  const text = gunzipSync(readFileSync(shippedFile("a9a")));
  const copies = Math.ceil((1e6 * options.megabytes) / text.length);
  await pipeline(Readable.from(repeat(text, copies)), createWriteStream(file));
  const megabytes = (copies * text.length) / 1e6;

  const python = options.install === true ? installed(options.python ?? "python3", folder) : options.python;

  await ours(file, 0); // for the compiler
  const alone = quicker(await ours(file, 0), await ours(file, 0));
  const threads = quicker(await ours(file, 1), await ours(file, 1));
  const rate = (seconds: number) => `${(megabytes / seconds).toFixed(0)} MB/s`;
  const cpu = alone.cpuSeconds;
  const hashed = hashing(file);
  const figures: Figure[] = [
    {
      name: "import of LIBSVM text / reading and hashing it",
      ratio: cpu / hashed,
      detail: `${rate(cpu)}, ${rate(hashed)}`,
      aim: "200 MB/s",
    },
    {
      name: "import of LIBSVM text, one parser thread / none",
      ratio: threads.seconds / alone.seconds,
      detail: `by the clock ${rate(threads.seconds)}, ${rate(alone.seconds)}`,
      aim: "-",
    },
  ];
  for (const reader of python === undefined ? [] : ["sklearn", "svmlight-loader"]) {
    const seconds = theirs(python!, reader, file);
    figures.push({
      name: `import of LIBSVM text / ${reader}`,
      ratio: cpu / seconds,
      detail: `${rate(cpu)}, ${rate(seconds)}; ${megabytes.toFixed(0)} MB`,
      aim: "-",
    });
  }
  printFigures(figures);
} finally {
  rmSync(folder, { recursive: true });
}

function* repeat(text: Uint8Array, times: number): Generator<Uint8Array> {
  for (let i = 0; i < times; i++) yield text;
}

interface Took {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

function quicker(a: Took, b: Took): Took {
  return a.seconds <= b.seconds ? a : b;
}

/** An import whose rows go nowhere. */
async function ours(file: string, threads: number): Promise<Took> {
  const nowhere: ObjectStore = {
    ...memoryStore(),
    async putStream(_key, chunks) {
      for await (const chunk of chunks) void chunk;
      return "nowhere";
    },
  };
  const started = performance.now();
  const before = process.cpuUsage();
  const chunks = createReadStream(file, { highWaterMark: 1 << 20 });
  await importLibsvm(chunks, { name: "a9a", sourceName: "a9a", labels: "binary", objects: nowhere }, threads);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: secondsSince(before) };
}

/** Of CPU, of all threads. */
function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** CPU seconds of what no import can do without: the manifest names the text's SHA-256. */
function hashing(file: string): number {
  const before = process.cpuUsage();
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  const opened = openSync(file, "r");
  for (let bytes = readSync(opened, chunk); bytes > 0; bytes = readSync(opened, chunk)) {
    hash.update(chunk.subarray(0, bytes));
  }
  closeSync(opened);
  hash.digest();
  return secondsSince(before);
}

/** An interpreter with the two readers, in a folder that goes away again. */
function installed(python: string, parent: string): string {
  const environment = join(parent, "python");
  run(python, ["-m", "venv", environment]);
  const own = join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  run(own, ["-m", "pip", "install", "--quiet", "scikit-learn", "svmlight-loader"]);
  return own;
}

function run(program: string, parameters: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, parameters, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")}: ${stderr}`);
  return stdout;
}

function theirs(python: string, reader: string, file: string): number {
  const program = fileURLToPath(new URL("import.py", import.meta.url));
  return Number(run(python, [program, reader, file]).split(" ")[0]);
}
