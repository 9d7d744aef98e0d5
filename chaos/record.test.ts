import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Stage } from "./baseline.ts";
import { type Campaign, emptyCampaign } from "./campaign.ts";
import { ChaosRecord } from "./record.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-chaos-record-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stages = [{ name: "a", spec: { seed: 1 }, iterateSha256: "ab" }] as unknown as Stage[];
const ratios = { throttled: 0.1 };
const part = (seeds: number, worst: number): Campaign => ({
  ...emptyCampaign(),
  seeds,
  faultsByKind: { ...emptyCampaign().faultsByKind, throttled: 3 * seeds },
  endings: { done: seeds - 1, failed: 1 },
  worstCost: { multiple: worst, seed: worst },
});

describe("a campaign's record", () => {
  it("goes on from what is done, whatever the order in which it was done", () => {
    const path = join(folder, "record.json");
    const first = new ChaosRecord(path, stages, ratios);
    first.add([1, 2, 3], part(3, 2));
    first.add([7, 8], part(2, 5));
    first.save(10);
    first.add([4, 5], part(2, 1));
    first.save(12);
    const second = new ChaosRecord(path, stages, ratios);
    const seeds = Array.from({ length: 10 }, (_, i) => i + 1);
    expect(seeds.filter((seed) => !second.isDone(seed))).toEqual([6, 9, 10]);
    expect(second.campaign).toMatchObject({
      seeds: 7,
      endings: { done: 4, failed: 3 },
      worstCost: { multiple: 5, seed: 5 },
    });
    expect(second.campaign.faultsByKind.throttled).toBe(21);
    second.add([6], part(1, 0));
    second.save(3);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ done: [[1, 8]], seconds: 15 });
  });

  it("is refused where it is of other runs, of other faults, or no record", () => {
    const path = join(folder, "other.json");
    new ChaosRecord(path, stages, ratios).save(1);
    expect(() => new ChaosRecord(path, stages, { throttled: 0.2 })).toThrow(
      "is of other runs or other ratios",
    );
    expect(() => new ChaosRecord(path, [{ ...stages[0]!, iterateSha256: "cd" }], ratios)).toThrow(
      "other runs",
    );
    writeFileSync(path, '{"version":1,');
    expect(() => new ChaosRecord(path, stages, ratios)).toThrow("expected a record of marina chaos");
  });
});
