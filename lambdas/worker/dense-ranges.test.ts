/** Dense rows above a few megabytes are read by ranges, each row group held against its checksum. */
import { describe, expect, it } from "vitest";
import type { ByteRange, ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { idxSource } from "../../shared/data/formats/idx.ts";
import { importRows } from "../../shared/data/import.ts";
import type { Manifest } from "../../shared/data/manifest.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import type { Shard } from "../../shared/problems/problem.ts";
import { fakePorts } from "../testing/fakes.ts";
import type { LoadedRun } from "./load.ts";
import { OpenedShards, ShardLoader } from "./shards.ts";

const ROWS = 2500;
const SIZE = 2000;
const pixel = (l: number, j: number) => (l * 7 + j * 3) % 251;

async function* once(shape: readonly number[], bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, 8);
  header.setUint8(3, shape.length);
  for (const [axis, length] of shape.entries()) header.setUint32(4 + 4 * axis, length);
  yield new Uint8Array(header.buffer);
  yield bytes;
}

async function imported(): Promise<{ objects: ObjectStore; manifest: Manifest }> {
  const objects = memoryStore();
  const pixels = Uint8Array.from({ length: ROWS * SIZE }, (_, at) => pixel(Math.floor(at / SIZE), at % SIZE));
  const source = idxSource(
    { name: "x", chunks: once([ROWS, 40, 50], pixels) },
    {
      name: "y",
      chunks: once(
        [ROWS],
        Uint8Array.from({ length: ROWS }, (_, l) => l % 2),
      ),
    },
  );
  const reading = { format: "idx", labelFile: "y", divide: 1 } as const;
  const options = { name: "t", sourceName: "t", labels: "binary", reading, objects } as const;
  return { objects, manifest: await importRows(source, options) };
}
const data = imported();

/** @param damage of what the n-th read brings */
async function loader(damage: (body: Uint8Array, read: number) => Uint8Array = (body) => body) {
  const { objects, manifest } = await data;
  const ranges: (ByteRange | undefined)[] = [];
  const get: ObjectStore["get"] = async (key, options) => {
    const found = await objects.get(key, options);
    ranges.push(options?.range);
    return { ...found, body: damage(found.body.slice(), ranges.length) };
  };
  const ports: Ports = { ...fakePorts(), objects: { ...objects, get } };
  const shards = new ShardLoader(ports, new OpenedShards());
  const run = { data: { features: SIZE }, problem: { rows: "sparse" } } as unknown as LoadedRun;
  return { ranges, shard: (worker: number) => shards.heldOut(run, manifest, 5, worker), manifest };
}

const changed = (body: Uint8Array) => body.map((byte, at) => (at === 600_000 ? byte ^ 1 : byte));

describe("dense rows", () => {
  it("are read by the range of the groups that hold a worker's rows, and are those rows", async () => {
    const { ranges, shard, manifest } = await loader();
    const third = (await shard(3)) as Shard;
    const within = manifest.groups.filter(({ firstRow, rows }) => firstRow < 2000 && firstRow + rows > 1500);
    const last = within.at(-1)!;
    expect(ranges).toEqual([{ start: within[0]!.byteOffset, end: last.byteOffset + last.byteLength }]);
    expect(ranges[0]!.end - ranges[0]!.start).toBeLessThan(0.5 * manifest.object.bytes);
    expect(third.rows).toBe(500);
    for (const row of [0, 7, 499]) {
      const entries = new Map<number, number>();
      for (let at = third.offsets[row]!; at < third.offsets[row + 1]!; at++) {
        entries.set(third.indices[at]!, third.values![at]!);
      }
      for (let j = 0; j < SIZE; j += 13) expect(entries.get(j) ?? 0).toBe(pixel(1500 + row, j));
    }
    expect(await shard(3)).toBe(third);
    expect(ranges.length).toBe(1);
  });

  it("that came damaged once are read again", async () => {
    const { ranges, shard } = await loader((body, read) => (read === 1 ? changed(body) : body));
    expect((await shard(0)).rows).toBe(500);
    expect(ranges.length).toBe(2);
  });

  it("that lie damaged in the store are refused with their rows", async () => {
    const { shard } = await loader(changed);
    await expect(shard(0)).rejects.toThrow(/rows 0 \.\. 523: expected CRC-32 .*damaged where it is stored/);
  });
});
