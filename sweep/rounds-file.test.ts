import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterAll, describe, expect, it } from "vitest";
import { recordsOf as keptOf } from "../report/testing/runs.ts";
import { packRounds, unpackRounds } from "./cell-rounds.ts";
import { readRounds, writeRounds } from "./rounds-file.ts";
import type { FinishedCell } from "./summary.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-rounds-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As they are stored: what a reader works out of them is not. */
const recordsOf = (options: Parameters<typeof keptOf>[0]) =>
  keptOf(options).map(({ epochs: _, ...record }) => record);

const cell = (digest: string) => ({ cell: { digest } }) as FinishedCell;
const evaluatedNowAndThen = recordsOf({ rounds: 30, seed: 2 }).map((record) =>
  record.round % 3 === 0 ? record : { ...record, loss: null, gradientNormSquared: null },
);
const kept = new Map([
  ["a", recordsOf({ rounds: 200 })],
  ["b", []],
  ["c", evaluatedNowAndThen],
]);

describe("the rounds of a sweep", () => {
  it("come back as they were, of each cell its own, and none of a cell that had none", async () => {
    const cells = ["a", "b", "c", "a"].map(cell);
    await writeRounds(folder, cells, async (one) => kept.get(one.cell.digest) ?? []);
    const rounds = await readRounds(folder);
    for (const digest of ["c", "a", "b", "unknown"]) {
      expect(await rounds.of(digest)).toEqual(kept.get(digest) ?? []);
    }
  });

  it("are a table that other programs read, a row for each round of each cell", async () => {
    const rows = await parquetReadObjects({
      file: await asyncBufferFromFile(join(folder, "rounds.parquet")),
      columns: ["cell", "round", "gradientNormSquared"],
    });
    expect(rows.length).toBe(201 + 31);
    expect(rows[201]).toEqual({
      cell: "c",
      round: 0,
      gradientNormSquared: evaluatedNowAndThen[0]!.gradientNormSquared,
    });
    expect(rows[202]!["gradientNormSquared"]).toBeNull();
  });

  it("are empty where a sweep kept none, and refused where the file is another", async () => {
    const other = join(folder, "none");
    expect(await (await readRounds(other)).of("a")).toEqual([]);
    writeFileSync(join(folder, "rounds.parquet"), "something else");
    await expect(readRounds(folder)).rejects.toThrow(/expected the rounds that marina sweep writes/);
  });
});

describe("a cell's rounds as bytes", () => {
  it("come back as they were, and are refused by their file's name when they are damaged", () => {
    const packed = packRounds(evaluatedNowAndThen);
    expect(unpackRounds(packed, "x")).toEqual(evaluatedNowAndThen);
    expect(() => unpackRounds(packed.subarray(0, 50), "cells/x.rounds.gz")).toThrow(
      /cells\/x\.rounds\.gz: expected the rounds of a sweep's cell; delete the file/,
    );
  });
});
