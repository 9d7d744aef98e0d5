import { Readable } from "node:stream";
import { beforeAll, expect, it } from "vitest";
import { createEmbeddedService } from "../embedded/service/service.ts";
import type { DeployedStack } from "../shared/cloud/aws/stack.ts";
import type { ObjectStore } from "../shared/cloud/ports.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import type { RunCommand } from "./engines/commands.ts";
import { createRun } from "./launch.ts";
import { requestScale } from "./scale.ts";

let objects: ObjectStore;
let run: string;

/** d */
const DIMENSION = 1_000_000;
const ROWS = 40;

beforeAll(async () => {
  ({ objects } = createEmbeddedService({ seed: 1 }).cloud.client);
  const lines = Array.from({ length: ROWS }, (_, row) => `${row % 2 === 0 ? 1 : -1} ${1 + row}:1`).join("\n");
  await importLibsvm(Readable.from([Buffer.from(`${lines}\n`)]), {
    name: "wide",
    sourceName: "wide",
    labels: "binary",
    dimension: DIMENSION,
    objects,
  });
  const spec = parseRunSpec(
    {
      data: "wide",
      workers: 2,
      problem: { kind: "logistic" },
      reduction: "aggregator",
      algorithm: { kind: "gd" },
      stop: { rounds: 10 },
    },
    "test",
  );
  ({ run } = await createRun(objects, spec));
});

/** @param room what the engine says of its memory */
function engineWith(room: { readonly stack?: DeployedStack; readonly machineBytes?: number }) {
  const told: RunCommand[] = [];
  const command = async (_run: string, request: RunCommand) => void told.push(request);
  return { told, engine: { live: objects, command, ...room } };
}

const stackOf = (aggregatorMemoryMb: number) => ({ aggregatorMemoryMb }) as DeployedStack;

/** 200 MB of the program, ten vectors of 8 d bytes, and of each worker a message of 4 d and a gradient of 8 d: 760 MB. */
const NEEDED_MB = Math.ceil((200e6 + DIMENSION * (10 * 8 + ROWS * 12)) / 2 ** 20);

it("a run is not asked to go on with more workers than the aggregator's function has memory for", async () => {
  const { engine, told } = engineWith({ stack: stackOf(NEEDED_MB - 1) });
  await expect(requestScale(engine, run, { workers: ROWS })).rejects.toThrow(
    `run gd-wide with 40 workers: largest round: about ${NEEDED_MB} MB of the aggregator's ${NEEDED_MB - 1} MB`,
  );
  expect(told).toEqual([]);
  await requestScale(engine, run, { workers: 20 });
  const larger = engineWith({ stack: stackOf(NEEDED_MB) });
  await requestScale(larger.engine, run, { workers: ROWS });
  expect([told, larger.told]).toMatchObject([[{ workers: 20 }], [{ workers: ROWS }]]);
});

it("nor than this machine has, where all of the run is in it", async () => {
  const { engine, told } = engineWith({ machineBytes: 600e6 });
  await expect(requestScale(engine, run, { workers: ROWS })).rejects.toThrow(
    "with 40 workers the embedded cloud needs about",
  );
  expect(told).toEqual([]);
  await requestScale(engine, run, { workers: 3 });
  expect(told).toHaveLength(1);
});
