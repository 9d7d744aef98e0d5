/** The data sets of the experiments: each is imported only when a chosen experiment names it. */
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { EmbeddedEngine } from "../client/engines/embedded.ts";
import { datasetNames } from "../client/find.ts";
import { DIGITS, importDigits } from "../client/import/digits.ts";
import { fileImport } from "../client/import/import-file.ts";
import { MarinaError } from "../shared/base/index.ts";
import { importLibsvm, type RowOrder } from "../shared/data/index.ts";
import { withCommonRows } from "./common-rows.ts";
import { fetchMnist } from "./mnist.ts";
import { hashedRows } from "./text.ts";

const FILES = fileURLToPath(new URL("data", import.meta.url));

/** Shards of mushrooms-unequal, and by what the rows of some of them are multiplied. */
const SHARDS = 20;
const LARGE = new Map([
  [3, 4],
  [11, 3],
]);
/** The same sentences, hashed to so many features. */
const TEXT = [7, 10, 13, 17, 20].map((bits) => 2 ** bits);

interface DataSet {
  /** A data set that has to be there before. */
  readonly after?: string;
  readonly import: (engine: EmbeddedEngine, name: string, home: string) => Promise<unknown>;
}

/** One of the LIBSVM files, perhaps in another order. */
function shipped(file: string, order?: RowOrder): DataSet {
  return {
    import: ({ objects }, name) => {
      const sourceName = `${file}.gz`;
      const reading = order === undefined ? {} : { reading: { format: "libsvm", order } as const };
      const source = createReadStream(join(FILES, sourceName));
      return importLibsvm(source, { name, sourceName, labels: "binary", ...reading, objects });
    },
  };
}

/** LIBSVM text that is made here. */
function made(text: () => string): DataSet {
  return {
    import: ({ objects }, name) => {
      const source = Readable.from([Buffer.from(text())]);
      return importLibsvm(source, { name, sourceName: `${name}.txt`, labels: "binary", objects });
    },
  };
}

function digits(part: keyof typeof DIGITS, instead: { readonly order?: RowOrder } = {}): DataSet {
  return {
    import: ({ objects }, name) =>
      importDigits(objects, join(FILES, "digits.csv.gz"), part, { name, ...instead }),
  };
}

function onThisMachine(): never {
  throw new MarinaError("usage", "MNIST's files are on this machine");
}

/** As the command imports them: `data import train-images-idx3-ubyte --labels classes`, `data import t10k-images-idx3-ubyte --like mnist`. */
function mnist(
  part: "train" | "t10k",
  how: { readonly labels: "classes" } | { readonly like: string },
): DataSet {
  return {
    ...("like" in how ? { after: how.like } : {}),
    import: async (engine, name, home) => {
      const pathOf = fetchMnist(home);
      const options = { name, labelFile: pathOf(`${part}-labels-idx1-ubyte`), ...how };
      const importInto = await fileImport([pathOf(`${part}-images-idx3-ubyte`)], options, onThisMachine);
      await importInto(engine);
    },
  };
}

/** MNIST for 10 workers with 120 rows each, of which so many per cent are in common. */
function mnistInCommon(percent: number): DataSet {
  return {
    import: async (engine, name, home) => {
      const pathOf = fetchMnist(home);
      const source = {
        images: readFileSync(pathOf("train-images-idx3-ubyte")),
        labels: readFileSync(pathOf("train-labels-idx1-ubyte")),
      };
      const made = withCommonRows(source, { workers: 10, rows: 120, share: percent / 100 });
      const folder = mkdtempSync(join(tmpdir(), "marina-mnist-"));
      try {
        const [images, labelFile] = [join(folder, `${name}-images`), join(folder, `${name}-labels`)];
        writeFileSync(images, made.images);
        writeFileSync(labelFile, made.labels);
        await (await fileImport([images], { name, labelFile, labels: "classes" }, onThisMachine))(engine);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

const DATA_SETS: ReadonlyMap<string, DataSet> = new Map([
  ...["mushrooms", "a9a", "w8a"].map((name) => [name, shipped(name)] as const),
  // The same rows, sorted by label: the workers' losses are as different as labels can make them.
  ...["mushrooms", "a9a"].map((name) => [`${name}-sorted`, shipped(name, { by: "label" })] as const),
  // And in random order: every worker's rows are a sample of all.
  ["mushrooms-shuffled", shipped("mushrooms", { by: "shuffle", seed: 1 })],
  ["mushrooms-unequal", made(() => unequalShards(unpacked("mushrooms.gz")))],
  ...TEXT.map(
    (dimension) =>
      [`text-${dimension}`, made(() => hashedRows(unpacked("movie-snippets.tsv.gz"), dimension))] as const,
  ),
  [DIGITS.train, digits("train")],
  [DIGITS.test, digits("test")],
  ["digits-sorted", digits("train", { order: { by: "label" } })],
  ["mnist", mnist("train", { labels: "classes" })],
  ["mnist-test", mnist("t10k", { like: "mnist" })],
  ...[0, 50, 100].map((percent) => [`mnist-common-${percent}`, mnistInCommon(percent)] as const),
]);

/**
 * @param names of data sets that sweeps name
 * @throws MarinaError "not-found" for one that the experiments do not bring, "unavailable" for one that can't be fetched.
 */
export async function importDataSets(names: Iterable<string>, home: string): Promise<void> {
  const engine = new EmbeddedEngine(home);
  try {
    const known = new Set(await datasetNames(engine.objects));
    for (const name of names) await importOnce(name, engine, home, known);
  } finally {
    await engine.close();
  }
}

async function importOnce(
  name: string,
  engine: EmbeddedEngine,
  home: string,
  known: Set<string>,
): Promise<void> {
  if (known.has(name)) return;
  const dataSet = DATA_SETS.get(name);
  if (dataSet === undefined) {
    throw new MarinaError(
      "not-found",
      `experiments: no data set is called ${name}; there are ${[...DATA_SETS.keys()].join(", ")}`,
    );
  }
  if (dataSet.after !== undefined) await importOnce(dataSet.after, engine, home, known);
  await dataSet.import(engine, name, home);
  known.add(name);
}

function unpacked(file: string): string {
  return gunzipSync(readFileSync(join(FILES, file))).toString("latin1");
}

/** mushrooms in shards of unequal norms: with 20 workers and the remainder dropped, two have rows that are larger. */
function unequalShards(text: string): string {
  const lines = text.split("\n").filter((line) => line !== "");
  const each = Math.floor(lines.length / SHARDS);
  const scaled = lines.map((line, row) => {
    const factor = LARGE.get(Math.floor(row / each));
    return factor === undefined ? line : line.replaceAll(/:1(?= |$)/g, `:${factor}`);
  });
  return `${scaled.join("\n")}\n`;
}
