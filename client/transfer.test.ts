import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importChaosData } from "../chaos/specs.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import {
  createEmbeddedService,
  type EmbeddedService,
  type ServiceOptions,
} from "../embedded/service/service.ts";
import { MarinaError } from "../shared/base/errors.ts";
import type { ObjectStore } from "../shared/cloud/ports.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { checkpointKey, contributionsQueueName, specKey } from "../shared/protocol/keys.ts";
import { encodeRunMessage } from "../shared/protocol/messages/run-message.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { decodeCheckpoint } from "../shared/protocol/stored/checkpoint.ts";
import { decodeStoredRun, runDigest } from "../shared/protocol/stored/run.ts";
import { packArchive, unpackArchive } from "./archive.ts";
import { createRun, resumeRun } from "./launch.ts";
import { exportArchive, importArchive } from "./transfer.ts";

/** One process alone has the store. */
function engineOf(objects: ObjectStore): Parameters<typeof importArchive>[0] {
  return { objects, exclusively: (_kind, _name, work) => work() };
}

const mushrooms = readFileSync(shippedFile("mushrooms"));
const compressor = { kind: "rand-k", k: 10 } as const;

function specOf(change: Partial<RunSpecInput> = {}) {
  const spec = {
    name: "moved",
    data: "chaos",
    workers: 5,
    problem: { kind: "logistic" },
    algorithm: { kind: "diana", compressor, stepSize: 0.05 },
    stop: { rounds: 60 },
    ...change,
  } as const satisfies RunSpecInput;
  return parseRunSpec(spec, "test");
}

async function emptyService(options: Partial<ServiceOptions> = {}): Promise<EmbeddedService> {
  return createEmbeddedService({ seed: 1, ...options });
}

async function serviceWithData(options: Partial<ServiceOptions> = {}): Promise<EmbeddedService> {
  const service = await emptyService(options);
  await importChaosData(service.cloud.client.objects, mushrooms);
  return service;
}

/** Runs until a round's messages are in, then asks the run to stop. */
async function stoppedAt(
  round: number,
  now: boolean,
  change: Partial<RunSpecInput> = {},
): Promise<EmbeddedService> {
  const service: EmbeddedService = await serviceWithData({
    observer: {
      round(run, record) {
        if (record.round === round) void stop(service, run, now);
      },
    },
  });
  const { control } = await createRun(service.cloud.client.objects, specOf(change));
  const result = await driveToEnd(service, control);
  expect(result.status).toBe("stopped");
  return service;
}

async function stop({ cloud }: EmbeddedService, run: string, now: boolean): Promise<void> {
  const { objects, queues } = cloud.client;
  const digest = runDigest(decodeStoredRun((await objects.get(specKey(run))).body, specKey(run)));
  const queue = await queues.address(contributionsQueueName("marina-", run));
  await queues.send(queue, [
    { body: encodeRunMessage({ kind: "stop", runDigest: digest, generation: 0, now }) },
  ]);
}

async function undisturbed(change: Partial<RunSpecInput> = {}): Promise<string> {
  const service = await serviceWithData();
  const { control } = await createRun(service.cloud.client.objects, specOf(change));
  return (await driveToEnd(service, control)).iterateSha256;
}

async function goOn(service: EmbeddedService) {
  const { control } = await resumeRun(service.cloud.client.objects, "moved");
  return driveToEnd(service, control);
}

describe.each([
  ["MARINA", { algorithm: { kind: "marina", compressor, probability: 0.2, stepSize: 0.1 } }],
  ["DIANA, whose workers remember", {}],
  [
    "MARINA with iterates in float32, as deltas",
    {
      algorithm: { kind: "marina", compressor, probability: 0.2, stepSize: 0.1 },
      iterate: "float32",
      downlink: "deltas",
    },
  ],
] as const satisfies readonly (readonly [string, Partial<RunSpecInput>])[])(
  "a run of %s",
  (_name, change) => {
    it("goes on in another store with the same bits", async () => {
      const there = await emptyService({ seed: 9 });
      const from = await stoppedAt(20, false, change);
      const file = await exportArchive(from.cloud.client.objects, "moved", true);
      expect(await importArchive(engineOf(there.cloud.client.objects), file, "file")).toBe("moved");
      const result = await goOn(there);
      expect(result).toMatchObject({ status: "done", rounds: 60, iterateSha256: await undisturbed(change) });
    });

    it("that is stopped at once keeps its checkpoint and goes on with the same bits", async () => {
      const service = await stoppedAt(20, true, change);
      const { objects } = service.cloud.client;
      const { round } = decodeCheckpoint((await objects.get(checkpointKey("moved"))).body, "checkpoint");
      expect(round).toBeGreaterThanOrEqual(19);
      expect(round).toBeLessThanOrEqual(22);
      expect((await goOn(service)).iterateSha256).toBe(await undisturbed(change));
    });
  },
);

it("the data set may be there already, and must be the same one", async () => {
  const from = await stoppedAt(10, false);
  const slim = await exportArchive(from.cloud.client.objects, "moved", false);

  const same = await serviceWithData();
  await importArchive(engineOf(same.cloud.client.objects), slim, "file");
  expect((await goOn(same)).status).toBe("done");

  const empty = await emptyService();
  await expect(importArchive(engineOf(empty.cloud.client.objects), slim, "file")).rejects.toThrow(
    "exported without the rows",
  );

  const other = await emptyService();
  const rows = (async function* () {
    yield new TextEncoder().encode("1 1:1\n-1 2:1\n");
  })();
  await importLibsvm(rows, {
    name: "chaos",
    sourceName: "other",
    labels: "binary",
    objects: other.cloud.client.objects,
  });
  await expect(importArchive(engineOf(other.cloud.client.objects), slim, "file")).rejects.toThrow(
    "exists with other rows",
  );
  expect(await other.cloud.client.objects.list("runs/")).toEqual([]);
});

it("a run that exists is not overwritten", async () => {
  const service = await stoppedAt(10, false);
  const file = await exportArchive(service.cloud.client.objects, "moved", true);
  await expect(importArchive(engineOf(service.cloud.client.objects), file, "file")).rejects.toThrow(
    "run moved exists already",
  );
});

it.each(["runs/victim/checkpoint", "datasets/other/rows-1", "datasets/chaos/rows-1/../manifest.json"])(
  "an archive whose manifest puts the rows at %s is refused, and nothing is written",
  async (place) => {
    const service = await stoppedAt(10, false);
    const archive = await unpackArchive(
      await exportArchive(service.cloud.client.objects, "moved", true),
      "file",
    );
    const objects = archive.objects.map(({ key, body }) => {
      if (!key.endsWith("/manifest.json")) return { key: key.includes("/rows-") ? place : key, body };
      const manifest = JSON.parse(new TextDecoder().decode(body)) as { object: { key: string } };
      return {
        key,
        body: new TextEncoder().encode(
          JSON.stringify({ ...manifest, object: { ...manifest.object, key: place } }),
        ),
      };
    });
    const { objects: store } = (await emptyService()).cloud.client;
    await expect(
      importArchive(engineOf(store), packArchive({ ...archive, objects }), "file"),
    ).rejects.toThrow(/puts its rows at|expected/);
    expect(await store.list("")).toEqual([]);
  },
);

describe("an archive", () => {
  const archive = packArchive({ run: "r", data: "d", objects: [{ key: "a", body: Uint8Array.of(1, 2, 3) }] });

  it("that was cut off or changed is refused", async () => {
    for (const file of [archive.subarray(0, archive.length - 9), Uint8Array.of(1, 2), new Uint8Array(0)]) {
      await expect(unpackArchive(file, "file")).rejects.toThrow(MarinaError);
    }
  });
});

it("an import that did not come to its end leaves nothing that a later one, or a new run of the name, takes for its own", async () => {
  const from = await stoppedAt(20, false);
  const file = await exportArchive(from.cloud.client.objects, "moved", true);
  const there = await serviceWithData();
  const { objects } = there.cloud.client;
  // Of another archive of that name, cut off before its description.
  for (const key of ["runs/moved/checkpoint", "runs/moved/memory/3/000000041", "runs/moved/rounds/000000030"])
    await objects.put(key, new TextEncoder().encode("of another run"));
  const { run } = await createRun(objects, specOf());
  expect(run).toBe("moved-2");
  await importArchive(engineOf(objects), file, "file");
  const archived = (await unpackArchive(file, "file")).objects.map(({ key }) => key);
  expect(await objects.list("runs/moved/")).toEqual(archived.filter((key) => key.startsWith("runs/")).sort());
  expect((await goOn(there)).iterateSha256).toBe(await undisturbed());
});

it("an import that meets a run which was begun meanwhile takes its own objects away again", async () => {
  const from = await stoppedAt(10, false);
  const file = await exportArchive(from.cloud.client.objects, "moved", true);
  const { objects } = (await serviceWithData()).cloud.client;
  const begun: ObjectStore = {
    ...objects,
    put: async (key, body, condition) => {
      if (key === specKey("moved")) await objects.put(key, new TextEncoder().encode("the other's"));
      return objects.put(key, body, condition);
    },
  };
  await expect(importArchive(engineOf(begun), file, "file")).rejects.toThrow("run moved exists already");
  expect(await objects.list("runs/")).toEqual([specKey("moved")]);
});
