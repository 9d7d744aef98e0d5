import { describe, expect, it } from "vitest";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { labelsKey } from "../shared/protocol/keys.ts";
import { changeLabels, checkLabels, readLabels, tagWords } from "./labels.ts";

describe("tags and notes of a run", () => {
  it("are set, replaced by key, and taken away", async () => {
    const objects = memoryStore();
    expect(await readLabels(objects, "r")).toEqual({ note: null, tags: {} });
    await changeLabels(objects, "r", { tags: ["team=a=b", "paper"], note: "first\n  try" });
    expect(await readLabels(objects, "r")).toEqual({
      note: "first\n  try",
      tags: { paper: "", team: "a=b" },
    });
    const labels = await changeLabels(objects, "r", { tags: ["team=c"], removed: ["paper"], note: "" });
    expect(labels).toEqual({ note: null, tags: { team: "c" } });
    expect(tagWords(labels)).toEqual(["team=c"]);
    expect(await readLabels(objects, "other")).toEqual({ note: null, tags: {} });
  });

  it("of two that are set at one time both stay", async () => {
    const objects = memoryStore();
    await Promise.all(["a", "b", "c", "d"].map((word) => changeLabels(objects, "r", { tags: [word] })));
    expect(Object.keys((await readLabels(objects, "r")).tags)).toEqual(["a", "b", "c", "d"]);
  });

  it.each([
    ["", /--tag ""/],
    ["=x", /--tag "=x": expected key=value or a word/],
    ["a b=1", /--tag/],
    ["a=\u001b[31m", /--tag/],
    [`a=${"x".repeat(257)}`, /--tag/],
    ["__proto__=1", /--tag/],
  ])("a tag that is none is refused: %j", (text, message) => {
    expect(() => checkLabels({ tags: [text] })).toThrow(message);
  });

  it("a note with control characters is refused, and more tags than there may be", () => {
    expect(() => checkLabels({ note: "a\u0007" })).toThrow(/^--note: /);
    expect(() => checkLabels({ tags: Array.from({ length: 65 }, (_, i) => `t${i}`) })).toThrow(/at most 64/);
  });

  it("that were damaged are told of, not overwritten", async () => {
    const objects = memoryStore();
    await objects.put(labelsKey("r"), new TextEncoder().encode("{"));
    await expect(changeLabels(objects, "r", { tags: ["a"] })).rejects.toThrow(/runs\/r\/labels\.json/);
    expect((await objects.get(labelsKey("r"))).body.length).toBe(1);
  });
});
