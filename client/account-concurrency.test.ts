import { describe, expect, it } from "vitest";
import { checkTurns, workersAtOnce } from "./account-concurrency.ts";

describe("workers at once", () => {
  it("are what the mapping allows, or what the account has beside the run's aggregator", () => {
    expect(workersAtOnce({ mapping: 900, unreserved: 980, reserved: 20 })).toBe(900);
    expect(workersAtOnce({ mapping: 900, unreserved: 480, reserved: 20 })).toBe(480);
    expect(workersAtOnce({ mapping: 8, unreserved: 10, reserved: undefined })).toBe(8);
    expect(workersAtOnce({ mapping: 900, unreserved: 10, reserved: undefined })).toBe(9);
  });
});

describe("a round's turns", () => {
  const small = { mapping: 8, unreserved: 10, reserved: undefined };

  it("are one where all tasks can run at once", () => {
    expect(checkTurns(8, 5, small)).toEqual([
      {
        good: true,
        text: "account concurrency: 10 unreserved, the stack's limit 8: 8 workers at once, enough for 8 tasks a round",
      },
    ]);
  });

  it("are counted, with their seconds and the way to fewer", () => {
    const [{ good, text }] = checkTurns(100, 5, small) as [{ good: boolean; text: string }];
    expect(good).toBe(true);
    // ceil(100 / 8) = 13
    expect(text).toMatch(
      /8 workers at once, so a round's 100 tasks take 13 turns of up to 5\.00 s, 65\.0 s;/,
    );
    expect(text).toMatch(/ask AWS for a higher quota/);
    const [raised] = checkTurns(100, 5, { ...small, unreserved: 1000 });
    expect(raised!.text).toMatch(/the account allows 900: npx cdk deploy -c accountConcurrency=1000$/);
  });

  it("that take longer than a round may are refused", () => {
    // 240 s: an aggregator's time-out less its margin.
    expect(checkTurns(48 * 8, 5, small)[0]).toMatchObject({ good: false });
    expect(checkTurns(47 * 8, 5, small)[0]).toMatchObject({ good: true });
    expect(checkTurns(48 * 8, 5, small)[0]!.text).toMatch(
      /longer than the 240 s that one may take; .* fewer workers/,
    );
  });
});
