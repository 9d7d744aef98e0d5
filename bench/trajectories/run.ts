/** Runs a row of the table on a new embedded cloud and takes down what must not move. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { importDigits } from "../../client/import/digits.ts";
import { createRun } from "../../client/launch.ts";
import { driveToEnd } from "../../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../../embedded/service/service.ts";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { type ShippedName, shippedFile } from "../../shared/data/testing/load.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import type { DataName, Row } from "./specs.ts";

/** What is held of a run, each to the last bit. */
export interface Figures {
  readonly status: string;
  readonly stoppedBy: string | null;
  readonly rounds: number;
  readonly iterateSha256: string;
  /** f(x^T) and |grad f(x^T)|^2. */
  readonly loss: number | null;
  readonly gradientNormSquared: number | null;
  readonly uplinkBitsPerWorker: number;
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
  readonly evaluationBytes: number;
  /** Predicted for AWS. */
  readonly seconds: number;
  readonly usd: number;
  /** Of the bodies of all messages, in the order in which queues accepted them. */
  readonly messagesSha256: string;
  /** Of the keys and bodies of all objects that functions wrote, in the order in which they took effect. */
  readonly objectsSha256: string;
}

/** As the command line's: a row's seconds and dollars are those that `marina run` prints. */
const SIMULATION_SEED = 1;

const imported = new Map<DataName, Promise<ObjectStore>>();

/** Runs one row from its start to its end. */
export async function figuresOf({ spec }: Row): Promise<Figures> {
  const [messages, stored] = [createHash("sha256"), createHash("sha256")];
  const service = createEmbeddedService({
    seed: SIMULATION_SEED,
    watcher: {
      sent: (_queue, sent) => {
        for (const { body } of sent) add(messages, body);
      },
      stored: (key, body) => {
        add(stored, key);
        add(stored, body);
      },
      destroyed: () => undefined,
    },
  });
  const { objects } = service.cloud.client;
  const source = await dataSet(spec.data);
  for (const key of await source.list("")) await objects.put(key, (await source.get(key)).body);
  const { control } = await createRun(objects, parseRunSpec(spec, "bench/trajectories"));
  const result = await driveToEnd(service, control);
  await service.close();
  return {
    status: result.status,
    stoppedBy: result.stoppedBy,
    rounds: result.rounds,
    iterateSha256: result.iterateSha256,
    loss: result.loss,
    gradientNormSquared: result.gradientNormSquared,
    uplinkBitsPerWorker: result.uplinkBitsPerWorker,
    uplinkBytes: result.uplinkBytesMeasured,
    downlinkBytes: result.downlinkBytesMeasured,
    evaluationBytes: result.evaluationBytesMeasured,
    seconds: result.seconds,
    usd: result.usd,
    messagesSha256: messages.digest("hex"),
    objectsSha256: stored.digest("hex"),
  };
}

/** With its length before it, so that two pieces are not the bytes of one. */
function add(hash: Hash, piece: string | Uint8Array): void {
  hash.update(`${piece.length} `).update(piece);
}

function dataSet(name: DataName): Promise<ObjectStore> {
  let objects = imported.get(name);
  if (objects === undefined) {
    objects = importOnce(name);
    imported.set(name, objects);
  }
  return objects;
}

async function importOnce(name: DataName): Promise<ObjectStore> {
  const objects = memoryStore();
  if (name === "digits" || name === "digits-test") {
    for (const part of ["train", "test"] as const)
      await importDigits(
        objects,
        new URL("../../experiments/data/digits.csv.gz", import.meta.url).pathname,
        part,
      );
    return objects;
  }
  if (name === "wide") {
    const options = { name, sourceName: "wide.txt", labels: "binary", objects } as const;
    await importLibsvm(wideRows(), { ...options, dimension: WIDE_DIMENSION });
    return objects;
  }
  const real = name === "mushrooms-real";
  const shipped: ShippedName = real ? "mushrooms" : name;
  const labels = real ? "real" : "binary";
  await importLibsvm(createReadStream(shippedFile(shipped)), {
    name,
    sourceName: `${shipped}.gz`,
    labels,
    objects,
  });
  return objects;
}

/** 8 d bytes in base64 are more than the 1 MiB of a message. */
const WIDE_DIMENSION = 100_003;
const WIDE_ROWS = 24;

/** Rows of five entries, spread over all coordinates. */
async function* wideRows(): AsyncGenerator<Uint8Array> {
  for (let row = 0; row < WIDE_ROWS; row++) {
    const indices = Array.from({ length: 5 }, (_, e) => 1 + ((7919 * (5 * row + e)) % WIDE_DIMENSION));
    const entries = indices.sort((a, b) => a - b).map((index, e) => `${index}:${0.5 + e + row / 10}`);
    yield new TextEncoder().encode(`${row % 2 === 0 ? 1 : -1} ${entries.join(" ")}\n`);
  }
}
