import { expect, it } from "vitest";
import { endedText, reachedAccuracy } from "./ended.ts";

it.each([
  ["done", "rounds", "rounds used up", false],
  ["done", "relativeGradientNormSquared", "accuracy reached", true],
  ["done", "gradientNormSquared", "accuracy reached", true],
  ["done", "usd", "dollars used up", false],
  ["done", "seconds", "time used up", false],
  ["stopped", "user", "stopped", false],
  ["failed", "error", "failed", false],
] as const)("a run that is %s by %s is said to be: %s", (status, stoppedBy, text, reached) => {
  expect([endedText({ status, stoppedBy }), reachedAccuracy(stoppedBy)]).toEqual([text, reached]);
});
