/**
 * The rule of imports, as one list from the ground up: a package may import those below it, and nothing else of the
 * project's. `.dependency-cruiser.js` makes its rules of this list, and ARCHITECTURE.md its table.
 *
 * `only`: what a package may import where that is less than everything below it.
 */
const mathematics = [
  "shared/base",
  "shared/math",
  "shared/aggregation",
  "shared/compressors",
  "shared/problems",
  "shared/methods",
];

export const floors = [
  {
    folder: "shared/base",
    holds: "errors, issues of schemas as text, formats of numbers, CSV",
    only: [],
  },
  {
    folder: "shared/math",
    holds: "random streams, subsets, exp, norms, power iteration, order statistics",
    only: ["shared/base"],
  },
  {
    folder: "shared/aggregation",
    holds: "a round's messages to one vector though some may be wrong; one file a rule",
    only: ["shared/math"],
  },
  {
    folder: "shared/compressors",
    holds: "one file a compressor",
    only: ["shared/base", "shared/math"],
  },
  {
    folder: "shared/problems",
    holds: "losses, regularisers, local objectives, smoothness; a folder for each family",
    only: ["shared/base", "shared/math"],
  },
  {
    folder: "shared/methods",
    holds: "one file a method: theory, server's step, worker's answer",
    only: mathematics.slice(0, -1),
  },
  {
    folder: "shared/protocol",
    holds: "what travels and what is stored: specs, messages, stored objects; keys, limits",
    only: mathematics,
  },
  {
    folder: "shared/cloud",
    holds: "the ports: object store, queues, clock, compute",
    only: ["shared/base", "shared/math", "shared/protocol"],
  },
  {
    folder: "shared/cloud/aws",
    holds: "the ports' adapters: the only files that import an AWS SDK",
    only: ["shared/base", "shared/protocol", "shared/cloud"],
  },
  {
    folder: "shared/data",
    holds: "data sets: formats, row groups, manifest, partition, import",
    only: ["shared/base", "shared/math", "shared/problems", "shared/protocol", "shared/cloud"],
  },
  {
    folder: "shared/cost",
    holds: "what is counted and what it costs",
    only: ["shared/base", "shared/math", "shared/protocol", "shared/cloud"],
  },
  {
    folder: "lambdas/worker",
    holds: "the worker function; `entry.ts` is what AWS Lambda loads",
    only: [
      ...mathematics,
      "shared/protocol",
      "shared/cloud",
      "shared/cloud/aws",
      "shared/data",
      "shared/cost",
    ],
  },
  {
    folder: "lambdas/aggregator",
    holds: "the aggregator function; `entry.ts` is what AWS Lambda loads",
    only: [
      ...mathematics,
      "shared/protocol",
      "shared/cloud",
      "shared/cloud/aws",
      "shared/data",
      "shared/cost",
    ],
  },
  {
    folder: "embedded",
    holds: "a cloud in one process on a virtual clock, running the same handlers",
    only: [
      ...mathematics,
      "shared/protocol",
      "shared/cloud",
      "shared/data",
      "shared/cost",
      "lambdas/worker",
      "lambdas/aggregator",
    ],
  },
  {
    folder: "client",
    holds: "what a program does with the service, on every engine; `library.ts` is the face of the package",
  },
  { folder: "chaos", holds: "the production handlers under seeded faults" },
  { folder: "sweep", holds: "many runs: parameter grids, trials, tables" },
  { folder: "report", holds: "runs and sweeps as pages, charts and tables" },
  { folder: "monitor", holds: "a run followed live" },
  { folder: "cli", holds: "the `marina` command" },
  {
    folder: "cdk",
    holds: "the stack, and the service as a construct for stacks of others",
    only: ["shared/base", "shared/protocol"],
  },
];

/** Not packages: nothing above imports them, and they may import any file. */
export const outside = [
  { folder: "bench", holds: "benchmarks" },
  { folder: "examples", holds: "models of one's own, with what they do" },
  { folder: "experiments", holds: "data sets, specs, and the tables made of them" },
  { folder: "infra-tests", holds: "local clouds; the deployed service end to end" },
  { folder: "tests", holds: "the service as a whole, on the embedded cloud; fixtures" },
  { folder: "scripts", holds: "what npm's scripts run" },
];

/** The packages that `folder` may import. */
export function mayImport({ folder, only }) {
  const below = floors.slice(
    0,
    floors.findIndex((floor) => floor.folder === folder),
  );
  return only ?? below.map((floor) => floor.folder);
}

/** ARCHITECTURE.md's table. */
export function floorsTable() {
  const rows = floors.map((floor) => [
    `\`${floor.folder}\``,
    floor.holds,
    floor.only === undefined
      ? "all above in this table"
      : floor.only.length === 0
        ? "nothing"
        : floor.only.map((folder) => folder.replace("shared/", "")).join(", "),
  ]);
  const others = outside.map(({ folder, holds }) => [`\`${folder}\``, holds, "any file"]);
  return [
    "| folder | holds | may import |",
    "| --- | --- | --- |",
    ...[...rows, ...others].map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}
