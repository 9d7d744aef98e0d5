import { afterEach, describe, expect, it, vi } from "vitest";
import type { RoundRecord } from "../../../shared/protocol/stored/round-record.ts";
import { RoundMetrics } from "./metrics.ts";

interface Line {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly [
      {
        readonly Namespace: string;
        readonly Dimensions: readonly (readonly string[])[];
        readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
      },
    ];
  };
  readonly [metric: string]: unknown;
}

const written: string[] = [];
const out = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
  written.push(String(chunk));
  return true;
});

afterEach(() => {
  written.length = 0;
});

function lines(): Line[] {
  return written
    .join("")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);
}

/** The record of round t of a run whose rounds take 100 ms and cost 2e-5 dollars. */
function record(round: number, changes: Partial<RoundRecord> = {}): RoundRecord {
  return {
    round,
    seconds: 0.1 * round,
    usd: 2e-5 * round,
    resent: 0,
    hedged: 0,
    dropped: 0,
    ...changes,
  } as RoundRecord;
}

describe("metrics of the rounds", () => {
  it("come as one line for sixty rounds, of CloudWatch's embedded metric format", () => {
    const metrics = new RoundMetrics("Marina");
    for (let t = 0; t < 125; t++) metrics.round("r", record(t));
    expect(out).toHaveBeenCalled();
    expect(lines()).toHaveLength(2);
    const [{ CloudWatchMetrics }] = lines().map(({ _aws }) => _aws) as [Line["_aws"]];
    const [{ Namespace, Dimensions, Metrics }] = CloudWatchMetrics;
    expect(Namespace).toBe("Marina");
    expect(Dimensions).toEqual([["service"]]);
    expect(Object.fromEntries(Metrics.map(({ Name, Unit }) => [Name, Unit]))).toEqual({
      Rounds: "Count",
      ResentTasks: "Count",
      HedgedTasks: "Count",
      DroppedMessages: "Count",
      RoundMilliseconds: "Milliseconds",
      RoundUsd: "None",
    });
    expect(lines()[0]).toMatchObject({ service: "Marina", Rounds: 60 });
  });

  it("give each round's own time and price, the difference of two records", () => {
    const metrics = new RoundMetrics("Marina");
    metrics.round("r", record(0));
    metrics.round("r", record(1, { seconds: 0.25, usd: 1e-5 }));
    metrics.round("r", record(2, { seconds: 0.75, usd: 4e-5 }));
    metrics.flush();
    expect(lines()[0]).toMatchObject({ Rounds: 3, RoundMilliseconds: [250, 500], RoundUsd: [1e-5, 3e-5] });
  });

  it("say nothing of the time between two runs, or between two tenures", () => {
    const metrics = new RoundMetrics("Marina");
    metrics.round("r", record(0));
    metrics.round("s", record(1, { seconds: 99 }));
    metrics.flush();
    metrics.round("s", record(2, { seconds: 999 }));
    metrics.flush();
    for (const line of lines()) expect(line).not.toHaveProperty("RoundMilliseconds");
  });

  it("add up the tasks that were sent again and the messages that were dropped", () => {
    const metrics = new RoundMetrics("Marina");
    for (let t = 0; t < 4; t++) metrics.round("r", record(t, { resent: t, hedged: t % 2, dropped: 3 * t }));
    metrics.flush();
    expect(lines()[0]).toMatchObject({ ResentTasks: 6, HedgedTasks: 2, DroppedMessages: 18 });
  });

  it("write nothing when there was no round", () => {
    new RoundMetrics("Marina").flush();
    expect(written).toEqual([]);
  });

  it("count each round once, however often they are flushed", () => {
    const metrics = new RoundMetrics("Marina");
    metrics.round("r", record(0));
    metrics.flush();
    metrics.flush();
    metrics.round("r", record(1));
    metrics.flush();
    expect(lines().map(({ Rounds }) => Rounds)).toEqual([1, 1]);
  });
});
