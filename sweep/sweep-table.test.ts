import { expect, it } from "vitest";
import { valueText } from "./sweep-table.ts";

it.each([
  [undefined, "-"],
  [10, "10"],
  ["practical", "practical"],
  [{ times: 2 }, "2 x theory"],
  [{ kind: "rand-k", k: 10 }, "rand-k 10"],
  [{ kind: "qgd", stepSize: { times: 4 }, compressor: { kind: "rand-k", k: 1 } }, "qgd 4 x theory rand-k 1"],
  [[1, 2], "[1,2]"],
])("a field's value %j reads %s", (value, text) => {
  expect(valueText(value)).toBe(text);
});
