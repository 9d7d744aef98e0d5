/** The runs that chaos disturbs when it is given none: short, on a few rows, one for each way of working. */
import { gunzipSync } from "node:zlib";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../../shared/protocol/spec.ts";

export const CHAOS_DATA = "chaos";
const ROWS = 200;
const WORKERS = 5;
const ROUNDS = 30;

const compressor = { kind: "rand-k", k: 10 } as const;

/** Plain, partial participation, variance reduction, and memory in the workers: with and without frequent checkpoints. */
const algorithms = {
  marina: { kind: "marina", compressor, probability: 0.2 },
  "pp-marina": { kind: "pp-marina", compressor, participants: 3, probability: 0.2 },
  "vr-marina": { kind: "vr-marina", compressor, batchSize: 8, probability: 0.2 },
  diana: { kind: "diana", compressor },
} as const satisfies Readonly<Record<string, RunSpecInput["algorithm"]>>;

const variations: readonly Partial<RunSpecInput>[] = [
  {},
  { checkpointEvery: 4, evaluateEvery: 0 },
  { durability: "strict", evaluateEvery: 5 },
];

export interface NamedSpec {
  readonly name: string;
  readonly spec: RunSpec;
}

/** Each method in each variation. */
export function chaosSpecs(): readonly NamedSpec[] {
  return variations.flatMap((variation, i) =>
    Object.entries(algorithms).map(([method, algorithm]) => ({
      name: `${method}/${i + 1}`,
      spec: parseRunSpec(
        {
          data: CHAOS_DATA,
          workers: WORKERS,
          problem: { kind: "nonconvex-binary" },
          algorithm,
          stop: { rounds: ROUNDS },
          seed: 3 + i,
          ...variation,
        },
        `chaos, ${method}`,
      ),
    })),
  );
}

/** Imports the first rows of a gzipped LIBSVM file under a name of its own. */
export async function importChaosData(objects: ObjectStore, mushroomsGz: Uint8Array): Promise<void> {
  const lines = gunzipSync(mushroomsGz).toString("latin1").split("\n").slice(0, ROWS);
  const text = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const source = (async function* () {
    yield text;
  })();
  await importLibsvm(source, { name: CHAOS_DATA, sourceName: "mushrooms.gz", labels: "binary", objects });
}
