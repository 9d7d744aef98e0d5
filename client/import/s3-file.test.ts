import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, describe, expect, it } from "vitest";
import { objectFiles } from "../../shared/cloud/aws/object-file.ts";
import { createFakeClock } from "../../shared/cloud/aws/testing/fake-clock.ts";
import {
  type FakeAnswer,
  type FakeRequest,
  type FakeService,
  s3Error,
  startFakeService,
} from "../../shared/cloud/aws/testing/fake-service.ts";
import { importRows } from "../../shared/data/import.ts";
import type { Manifest } from "../../shared/data/manifest.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { inputOf } from "./input.ts";
import { openSource } from "./open-source.ts";
import { type ReadingOptions, readingOf } from "./reading.ts";

let service: FakeService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

/** A bucket with these objects; `etagOf` may change while it is read. */
async function bucket(objects: Readonly<Record<string, string | Uint8Array>>, etagOf = (): string => '"e"') {
  const answer = ({ method, path, query, headers }: FakeRequest): FakeAnswer => {
    if (query.get("list-type") === "2") {
      const keys = Object.keys(objects).filter((key) => key.startsWith(query.get("prefix") ?? ""));
      const contents = keys.sort().map((key) => `<Contents><Key>${key}</Key></Contents>`);
      return { body: `<ListBucketResult>${contents.join("")}</ListBucketResult>` };
    }
    const stored = objects[path.replace("/bucket/", "")];
    if (stored === undefined) return method === "HEAD" ? { status: 404 } : s3Error(404, "NoSuchKey");
    const body = Buffer.from(stored as string);
    if (method === "HEAD") {
      return { headers: { etag: etagOf(), "content-length": String(body.length) } };
    }
    if (headers["if-match"] !== etagOf()) return s3Error(412, "PreconditionFailed");
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(headers.range))!;
    return { status: 206, headers: { etag: etagOf() }, body: body.subarray(Number(from), Number(to) + 1) };
  };
  service = await startFakeService(answer, { maxAttempts: 1 });
  return objectFiles(service.clients.s3, createFakeClock());
}

async function imported(
  paths: readonly string[],
  s3: Awaited<ReturnType<typeof bucket>>,
  options: ReadingOptions = {},
): Promise<Manifest> {
  const input = await inputOf(paths, async () => s3);
  const reading = readingOf(input.files, options);
  const source = await openSource(input, reading, "real");
  return importRows(source, {
    name: "t",
    sourceName: input.name,
    labels: "real",
    reading,
    objects: memoryStore(),
  });
}

describe("an object of S3", () => {
  it("is read piece by piece, and called by its address", async () => {
    const line = (row: number) => `${row} 1:${row} 7:0.5\n`;
    const text = Array.from({ length: 800_000 }, (_, row) => line(row)).join("");
    expect(text.length).toBeGreaterThan(1.5 * 8 * 1024 * 1024);
    const manifest = await imported(["s3://bucket/data/x.svm"], await bucket({ "data/x.svm": text }));
    expect(manifest).toMatchObject({
      rows: 800_000,
      featureCount: 7,
      source: { fileName: "s3://bucket/data/x.svm", bytes: text.length },
      labels: { max: 799_999 },
    });
    expect(service!.requests.filter(({ method }) => method === "GET").length).toBe(
      1 + Math.ceil(text.length / (8 * 1024 * 1024)),
    );
  });

  it("may be Parquet, which is recognised, and empty text, which is refused as such", async () => {
    const table = parquetWriteBuffer({
      columnData: [
        { name: "a", data: [1, 2] },
        { name: "y", data: [3, 4] },
      ],
    });
    const s3 = await bucket({ table: new Uint8Array(table), empty: "" });
    const manifest = await imported(["s3://bucket/table"], s3, { labelColumn: "y" });
    expect(manifest).toMatchObject({ rows: 2, reading: { format: "parquet" }, features: { names: ["a"] } });
    await expect(imported(["s3://bucket/empty"], s3)).rejects.toThrow(
      /^s3:\/\/bucket\/empty: expected rows, got none/,
    );
  });

  it("may be a folder as Spark leaves it", async () => {
    const s3 = await bucket({
      "out/": "",
      "out/_SUCCESS": "",
      "out/part-1.csv": "a,y\n3,4\n",
      "out/part-0.csv": "a,y\n1,2\n",
      "deep/x/part-0.csv": "a,y\n1,2\n",
      "none/_SUCCESS": "",
    });
    const manifest = await imported(["s3://bucket/out/"], s3, { labelColumn: "y" });
    expect(manifest.source).toMatchObject({
      fileName: "s3://bucket/out/",
      files: [{ name: "part-0.csv" }, { name: "part-1.csv" }],
    });
    await expect(imported(["s3://bucket/deep/"], s3)).rejects.toThrow(/got the folder x; import that one/);
    await expect(imported(["s3://bucket/none/"], s3)).rejects.toThrow(/expected files in it, got none/);
  });

  it("is refused in one line where it is not there, changes, or has no key", async () => {
    let etag = '"1"';
    const s3 = await bucket({ x: `1 1:1\n${" ".repeat(20_000_000)}\n2 1:1\n` }, () => etag);
    await expect(imported(["s3://bucket/y"], s3)).rejects.toThrow(
      expect.objectContaining({ code: "usage", message: "s3://bucket/y: no such object, or no such bucket" }),
    );
    await expect(imported(["s3://bucket"], s3)).rejects.toThrow(/expected s3:\/\/BUCKET\/KEY/);
    const input = await inputOf(["s3://bucket/x"], async () => s3);
    etag = '"2"';
    await expect(
      (async () => {
        for await (const _ of input.files[0]!.stream());
      })(),
    ).rejects.toThrow(expect.objectContaining({ code: "precondition-failed" }));
  });
});

describe("other addresses", () => {
  const s3 = () => Promise.reject(new Error("not asked for"));
  it.each([
    [
      "https://example.org/a.svm?x=1&y",
      /curl -fLO 'https:\/\/example.org\/a.svm\?x=1&y' .*data import - --name NAME/,
    ],
    ["HTTP://example.org/a", /curl -fLO/],
    ["file:///tmp/a", /give its path/],
    ["gs://bucket/a", /copy it to this machine/],
  ])("are refused with what to do: %s", async (path, message) => {
    await expect(inputOf([path], s3)).rejects.toThrow(message);
    await expect(inputOf([path], s3)).rejects.toThrow(expect.objectContaining({ code: "usage" }));
  });
});
