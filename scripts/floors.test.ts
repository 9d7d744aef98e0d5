import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { floorsTable } from "./floors.js";

it("ARCHITECTURE.md shows the rule of imports as it is enforced", () => {
  const text = readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8");
  const [, shown] = text.split(/<!-- \/?floors -->/);
  expect(shown?.trim()).toBe(floorsTable());
});
