import { describe, expect, it } from "vitest";
import { Quiet } from "./quiet.ts";

/** What is said at looks a second apart. */
function said(
  quiet: Quiet,
  from: number,
  to: number,
  sign: (second: number) => string | undefined,
): number[] {
  const seconds: number[] = [];
  for (let second = from; second <= to; second++) {
    const silence = quiet.look(sign(second), 1000 * second);
    if (silence !== undefined) seconds.push(silence);
  }
  return seconds;
}

describe("silence", () => {
  it("is told after one, two, four and eight minutes", () => {
    expect(said(new Quiet(), 0, 600, () => "a")).toEqual([60, 120, 240, 480]);
  });

  it("is told of a run that has given no sign at all", () => {
    expect(said(new Quiet(), 0, 60, () => undefined)).toEqual([60]);
  });

  it("begins anew with each sign of life", () => {
    const quiet = new Quiet();
    expect(said(quiet, 0, 300, (second) => String(Math.floor(second / 59)))).toEqual([]);
    expect(said(quiet, 301, 420, () => "z")).toEqual([60]);
  });
});
