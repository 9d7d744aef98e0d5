import { expect, it } from "vitest";
import { fitted, type Part } from "./fitted.ts";

const parts: readonly Part[] = [["run: round 7"], ["f 0.5", 2], ["~3 s", 1], ["", 0], ["~$0.1", 3]];

it.each([
  [undefined, "run: round 7  f 0.5  ~3 s  ~$0.1"],
  [32, "run: round 7  f 0.5  ~3 s  ~$0.1"],
  [31, "run: round 7  f 0.5  ~3 s"],
  [24, "run: round 7  ~3 s"],
  [17, "run: round 7"],
  [12, "run: round 7"],
  [11, "run: round…"],
])("in %s characters the parts of the lowest rank stay", (width, text) => {
  expect(fitted(parts, width)).toBe(text);
});
