import { expect, it } from "vitest";
import { wrapped } from "./wrapped.ts";

it.each([
  [undefined, "price  $0.1 for all of it"],
  [80, "price  $0.1 for all of it"],
  [16, "price  $0.1 for\n       all of it"],
  [8, "price  $0.1\n       for\n       all\n       of\n       it"],
])("in %s characters lines end between words, the others indented", (width, text) => {
  expect(wrapped("price  ", "$0.1 for all of it", width)).toBe(text);
});
