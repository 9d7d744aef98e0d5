/**
 * How fast is an import, against Python's readers of the same file? Rows of a9a, repeated.
 * Usage: node bench/import.ts [--megabytes 500] [--python PYTHON]
 *
 * PYTHON: an interpreter that has scikit-learn and svmlight-loader; without it only our own figures are printed. Ours
 * hashes and encodes the rows as well, and throws the result away; Python's readers leave the rows in memory.
 */
import { spawnSync } from "node:child_process";
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
  .option("--save", "make the ratios the baseline")
  .parse()
  .opts<{ megabytes: number; python?: string }>();

const folder = mkdtempSync(join(tmpdir(), "marina-import-"));
try {
  const file = join(folder, "a9a-repeated");
  const text = gunzipSync(readFileSync(shippedFile("a9a")));
  const copies = Math.ceil((1e6 * options.megabytes) / text.length);
  await pipeline(Readable.from(repeat(text, copies)), createWriteStream(file));
  const megabytes = (copies * text.length) / 1e6;

  await ours(file, 0); // for the compiler
  const alone = Math.min(await ours(file, 0), await ours(file, 0));
  const threads = Math.min(await ours(file, 1), await ours(file, 1));
  const rate = (seconds: number) => `${(megabytes / seconds).toFixed(0)} MB/s`;
  const figures: Figure[] = [
    {
      name: "import of LIBSVM text, one parser thread / none",
      ratio: threads / alone,
      detail: `${rate(threads)}, ${rate(alone)}`,
      aim: "-",
    },
  ];
  for (const reader of options.python === undefined ? [] : ["sklearn", "svmlight-loader"]) {
    const seconds = theirs(options.python!, reader, file);
    figures.push({
      name: `import of LIBSVM text / ${reader}`,
      ratio: Math.min(alone, threads) / seconds,
      detail: `${rate(Math.min(alone, threads))}, ${rate(seconds)}; ${megabytes.toFixed(0)} MB`,
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

/** Seconds of an import whose rows go nowhere. */
async function ours(file: string, threads: number): Promise<number> {
  const nowhere: ObjectStore = {
    ...memoryStore(),
    async putStream(_key, chunks) {
      for await (const chunk of chunks) void chunk;
      return "nowhere";
    },
  };
  const started = performance.now();
  const chunks = createReadStream(file, { highWaterMark: 1 << 20 });
  await importLibsvm(chunks, { name: "a9a", sourceName: "a9a", labels: "binary", objects: nowhere }, threads);
  return (performance.now() - started) / 1000;
}

function theirs(python: string, reader: string, file: string): number {
  const program = fileURLToPath(new URL("import.py", import.meta.url));
  const { error, status, stdout, stderr } = spawnSync(python, [program, reader, file], { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${reader}: ${stderr}`);
  return Number(stdout.split(" ")[0]);
}
