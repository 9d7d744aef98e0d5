import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { MarinaError } from "../../shared/base/errors.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { usualNames } from "./arrays.ts";
import { importCommand } from "./import-command.ts";
import { fileImport, type ImportFileOptions } from "./import-file.ts";
import { readingOf } from "./reading.ts";

/** numpy.savez: x (4 x 3, float32, compressed) and y (words); x_train, y_train and x_test; images and other (both int64). */
const NPZ = {
  xy: "UEsDBC0AAAAIAAAAIQDVYeuw//////////8FABQAeC5ucHkBABAAsAAAAAAAAABmAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6CsaaOgq1CmQDLgYIsGdgaADiA0DM4MDAoADEDkCcAMQNQDwBiBcA8QYHAFBLAwQtAAAACAAAACEA+Co09///////////BQAUAHkubnB5AQAQAJAAAAAAAAAATwAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuE2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RomOpo6CrUKFACuJAYGhkQgBtHJQAwAUEsBAi0DLQAAAAgAAAAhANVh67BmAAAAsAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAgAAAAhAPgqNPdPAAAAkAAAAAUAAAAAAAAAAAAAAIABnQAAAHkubnB5UEsFBgAAAAACAAIAZgAAACMBAAAAAA==",
  splits:
    "UEsDBC0AAAAAAAAAIQBKlOv3//////////8LABQAeF90cmFpbi5ucHkBABAA4AAAAAAAAADgAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICg0LCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAEAAAAAAAAAAUAAAAAAAAABgAAAAAAAAAHAAAAAAAAAAgAAAAAAAAACQAAAAAAAAAKAAAAAAAAAAsAAAAAAAAAUEsDBC0AAAAAAAAAIQDd4V8U//////////8LABQAeV90cmFpbi5ucHkBABAAoAAAAAAAAACgAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICg0LCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAABQSwMELQAAAAAAAAAhAEqU6/f//////////woAFAB4X3Rlc3QubnB5AQAQAOAAAAAAAAAA4AAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoNCwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAAMAAAAAAAAABAAAAAAAAAAFAAAAAAAAAAYAAAAAAAAABwAAAAAAAAAIAAAAAAAAAAkAAAAAAAAACgAAAAAAAAALAAAAAAAAAFBLAQItAy0AAAAAAAAAIQBKlOv34AAAAOAAAAALAAAAAAAAAAAAAACAAQAAAAB4X3RyYWluLm5weVBLAQItAy0AAAAAAAAAIQDd4V8UoAAAAKAAAAALAAAAAAAAAAAAAACAAR0BAAB5X3RyYWluLm5weVBLAQItAy0AAAAAAAAAIQBKlOv34AAAAOAAAAAKAAAAAAAAAAAAAACAAfoBAAB4X3Rlc3QubnB5UEsFBgAAAAADAAMAqgAAABYDAAAAAA==",
  unnamed:
    "UEsDBC0AAAAAAAAAIQBKlOv3//////////8KABQAaW1hZ2VzLm5weQEAEADgAAAAAAAAAOAAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAEAAAAAAAAAAgAAAAAAAAADAAAAAAAAAAQAAAAAAAAABQAAAAAAAAAGAAAAAAAAAAcAAAAAAAAACAAAAAAAAAAJAAAAAAAAAAoAAAAAAAAACwAAAAAAAABQSwMELQAAAAAAAAAhAIyoS1T//////////wkAFABvdGhlci5ucHkBABAAoAAAAAAAAACgAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICg0LCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAwAAAAAAAAAEAAAAAAAAAAMAAAAAAAAABAAAAAAAAABQSwECLQMtAAAAAAAAACEASpTr9+AAAADgAAAACgAAAAAAAAAAAAAAgAEAAAAAaW1hZ2VzLm5weVBLAQItAy0AAAAAAAAAIQCMqEtUoAAAAKAAAAAJAAAAAAAAAAAAAACAARwBAABvdGhlci5ucHlQSwUGAAAAAAIAAgBvAAAA9wEAAAAA",
};
const folder = mkdtempSync(join(tmpdir(), "marina-arrays-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
const decoded = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

/** IDX of bytes. */
function idx(shape: readonly number[], bytes: readonly number[]): Uint8Array {
  const lengths = shape.flatMap((length) => [0, 0, 0, length]);
  return Uint8Array.from([0, 0, 8, shape.length, ...lengths, ...bytes]);
}
const images = idx([2, 2, 1], [0, 255, 51, 1]);
const labels = idx([2], [1, 0]);

const noS3 = () => Promise.reject(new Error("no S3"));

async function imported(path: string, options: ImportFileOptions = {}) {
  const importInto = await fileImport([path], options, noS3);
  const engine = {
    objects: memoryStore(),
    exclusively: <T>(_: string, __: string, work: () => Promise<T>) => work(),
  };
  return importInto(engine);
}

const failureOf = (path: string, options: ImportFileOptions = {}) =>
  imported(path, options).then(
    () => "none",
    (error: unknown) => {
      if (!(error instanceof MarinaError)) throw error;
      return error.message;
    },
  );

describe("IDX files", () => {
  it("are recognised by their bytes, compressed or not, and their labels found beside them", async () => {
    write("t-labels-idx1-ubyte", labels);
    const path = write("t-images-idx3-ubyte.gz", new Uint8Array(gzipSync(images)));
    const { manifest, notices } = await imported(path);
    expect(manifest).toMatchObject({
      name: "t-images",
      rows: 2,
      featureCount: 2,
      labels: { kind: "classes", names: ["0", "1"], counts: [1, 1] },
      dense: { shape: [2, 1, 1], scale: 1 / 255 },
      reading: { format: "idx", labelFile: "t-labels-idx1-ubyte" },
    });
    expect(notices.join()).toMatch(/t-labels-idx1-ubyte, found beside it.*divided by 255 \(--divide 1/);
    expect(importCommand(manifest).command).toBe(
      "data import t-images-idx3-ubyte.gz --name t-images --labels classes --label-file t-labels-idx1-ubyte",
    );
    const other = write("anything", new Uint8Array(gzipSync(images)));
    expect(await failureOf(other)).toMatch(/anything: expected --label-file PATH, the file of its labels$/);
    const options = {
      labelFile: join(folder, "t-labels-idx1-ubyte"),
      name: "n",
      positive: "1",
      shape: "1,2",
    };
    const given = await imported(other, options);
    expect(given.manifest).toMatchObject({ labels: { kind: "binary" }, dense: { shape: [1, 2] } });
  });

  it("with two files of labels beside them ask which", async () => {
    const path = write("d-images-idx3-ubyte", images);
    expect(await failureOf(path)).toMatch(/\(there is no d-labels-idx1-ubyte beside it\)/);
    write("d-labels-idx1-ubyte", labels);
    write("d-labels-idx1-ubyte.gz", new Uint8Array(gzipSync(labels)));
    expect(await failureOf(path)).toMatch(/there are d-labels-idx1-ubyte and d-labels-idx1-ubyte.gz/);
  });
});

describe("numpy's archives", () => {
  it("have their rows and labels by name", async () => {
    const { manifest } = await imported(write("a.npz", decoded(NPZ.xy)), { labels: "classes" });
    expect(manifest).toMatchObject({
      rows: 4,
      featureCount: 3,
      nonZeros: 11,
      labels: { names: ["a", "b", "c"], counts: [1, 2, 1] },
      reading: { format: "npy" },
    });
    expect(importCommand(manifest).command).toBe("data import a.npz --name a --labels classes");
  });

  it("ask which arrays where the names do not say", async () => {
    const path = write("s.npz", decoded(NPZ.splits));
    expect(await failureOf(path)).toMatch(
      /expected --array NAME, the array of rows, among x_train, y_train, x_test/,
    );
    expect(await failureOf(path, { array: "x_train" })).toMatch(/expected --label-array NAME.*among x_train/);
    expect(await failureOf(path, { array: "z" })).toMatch(/expected --array z, among/);
    const { manifest } = await imported(path, { array: "x_train", labelArray: "y_train" });
    expect(manifest.reading).toEqual({ format: "npy", array: "x_train", labelArray: "y_train" });
    expect(importCommand(manifest).command).toBe(
      "data import s.npz --name s --array x_train --label-array y_train",
    );
    const two = await imported(write("u.npz", decoded(NPZ.unnamed)));
    expect(two.manifest.labels).toMatchObject({ negative: 3, positive: 4 });
  });
});

describe("options of arrays", () => {
  const head = { name: "x.npy", head: new Uint8Array(0) };
  it.each<[Parameters<typeof readingOf>[1], RegExp]>([
    [{ labelColumn: "y" }, /--label-column: expected --format csv or parquet with it, the format is npy/],
    [{ dimension: 5 }, /--dimension: expected --format libsvm or csv or parquet with it/],
    [
      { format: "csv", labelColumn: "y", labelFile: "y" },
      /--label-file: expected --format idx or npy with it/,
    ],
    [{ format: "idx", array: "x" }, /--array: expected --format npy with it/],
    [{ format: "libsvm", divide: 2 }, /--divide: expected --shape with it/],
    [{ shape: "2,0" }, /--shape: expected 1 to 4 lengths .* got "2,0"/],
    [{ shape: "2", intercept: true }, /--shape and --intercept: expected one of them/],
    [{ labels: "classes", positive: "1" }, /--positive: expected without --labels classes/],
    [{ labels: "real", positive: "1" }, /--positive: expected --labels binary with it/],
  ])("are refused where they do not belong: %j", (options, message) => {
    expect(() => readingOf([head], options)).toThrow(message);
  });

  it("usual names of labels go with those of rows", () => {
    expect(usualNames("train-images-idx3-ubyte.gz")).toContain("train-labels-idx1-ubyte.gz");
    expect(usualNames("train-images.idx3-ubyte")[0]).toBe("train-labels.idx1-ubyte");
    expect(usualNames("X_train.npy")).toContain("y_train.npy");
    expect(usualNames("x.npy")).toContain("y.npy");
    expect(usualNames("rows.npy")).toEqual([]);
  });
});
