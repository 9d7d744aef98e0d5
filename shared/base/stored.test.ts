import { describe, expect, it } from "vitest";
import * as z from "zod";
import { MarinaError } from "./errors.ts";
import { checked, stored } from "./stored.ts";

const schema = z.strictObject({
  version: z.literal(1),
  rounds: z.int().min(0),
  nested: z.strictObject({ usd: z.number() }),
});
const kind = stored<{ version: 1; rounds: number; nested: { usd: number } }>(schema, {
  problem: "expected a thing as JSON, got other bytes",
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const thing = { version: 1, rounds: 3, nested: { usd: 0.5 } };

function errorOf(act: () => unknown): MarinaError {
  try {
    act();
  } catch (error) {
    if (error instanceof MarinaError) return error;
  }
  throw new Error("expected a MarinaError");
}

describe("a stored kind of JSON", () => {
  it("is read from bytes and from text", () => {
    expect(kind.decode(bytes(JSON.stringify(thing)), "k")).toEqual(thing);
    expect(kind.decode(JSON.stringify(thing), "k")).toEqual(thing);
  });

  it.each(["", "{", "\u0000\u0001", '{"version":1'])(
    "says of %j where it was and what was expected",
    (text) => {
      const error = errorOf(() => kind.decode(bytes(text), "runs/r/thing.json"));
      expect([error.code, error.message]).toEqual([
        "corrupt",
        "runs/r/thing.json: expected a thing as JSON, got other bytes",
      ]);
      expect(error.cause).toBeInstanceOf(SyntaxError);
    },
  );

  it("names every field that is wrong, missing or misspelt, and the nearest name", () => {
    const error = errorOf(() =>
      kind.decode(JSON.stringify({ version: 2, rouns: 3, nested: { usd: "1" } }), "runs/r/thing.json"),
    );
    expect(error.code).toBe("spec");
    expect(error.message.split("\n  ")).toEqual([
      "runs/r/thing.json: ",
      "version: expected 1, got 2",
      "rounds: missing; expected number",
      'nested.usd: expected number, got "1"',
      'rouns: unknown field; did you mean "rounds"?',
    ]);
  });

  it("has the error's code that its place asks for", () => {
    const message = stored(schema, { code: "message", problem: "expected JSON" });
    expect(errorOf(() => message.decode("no", "control message")).code).toBe("message");
  });
});

it("a value that is checked is what its schema makes of it", () => {
  expect(checked(z.strictObject({ n: z.int().default(7) }), {}, "s")).toEqual({ n: 7 });
  expect(() => checked(z.int(), 0.5, "s")).toThrow("s: (the whole value): expected int, got 0.5");
});
