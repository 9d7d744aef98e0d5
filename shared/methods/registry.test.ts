/** What the list of methods must be, whatever is on it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { MethodDefinition } from "./method.ts";
import {
  algorithmSchema,
  METHOD_KINDS,
  METHODS,
  methodOf,
  REQUESTS,
  STATEFUL_REQUESTS,
  stateHolder,
} from "./registry.ts";
import { specOf, specsOfAll } from "./testing/specs.ts";

const definitions = METHODS as unknown as readonly MethodDefinition[];
const all = specsOfAll({ compressor: { kind: "rand-k", k: 2 } });

describe("the list of methods", () => {
  it("has each kind once, and each request under one name and one code", () => {
    expect(new Set(METHOD_KINDS).size).toBe(METHODS.length);
    const requests = [...new Set(definitions.flatMap((each) => each.requests))];
    expect(new Set(requests.map(({ name }) => name)).size).toBe(requests.length);
    expect(new Set(requests.map(({ wire }) => wire)).size).toBe(requests.length);
  });

  it("keeps the codes that runs on their way, and those that wait to be resumed, were begun with", () => {
    const codes = Object.fromEntries([...REQUESTS].map(([name, { wire }]) => [name, wire]));
    expect(codes).toMatchObject({
      full: 0,
      "full-compressed": 1,
      "full-large-batch": 2,
      difference: 3,
      "difference-batch": 4,
      shifted: 5,
      "shifted-reduced": 6,
      "shift-start": 10,
      "shifted-difference": 11,
    });
    // Questions outside the methods: evaluate, calibrate, gram.
    for (const code of [7, 8, 9]) expect(Object.values(codes)).not.toContain(code);
  });

  it("shares no request between methods with state and methods without: a task's kind tells what its worker reads and writes", () => {
    const stateless = definitions.filter(({ workerState }) => workerState === null);
    const shared = stateless
      .flatMap(({ requests }) => requests)
      .filter(({ name }) => STATEFUL_REQUESTS.has(name));
    expect(shared).toEqual([]);
  });
});

/** The example in the docstring of a file of this package. */
function shownIn(file: string): unknown {
  const source = readFileSync(new URL(file, import.meta.url), "utf8");
  const shown = /@example\s+(?:\* )?(\{.*\})\n/.exec(source)?.[1];
  return JSON.parse(shown ?? "null");
}

describe.each(definitions.map((each) => [each.schema.shape.kind.value, each] as const))(
  "the file of %s",
  (kind, { example, schema, label, equation }) => {
    it("shows its equation, line for line", () => {
      const source = readFileSync(new URL(`${kind}.ts`, import.meta.url), "utf8");
      const lines = source.split("\n").map((line) => line.replace(/^ \* +/, "").trim());
      expect(equation.length).toBeGreaterThan(0);
      for (const line of equation) expect(lines).toContain(line);
    });

    it("shows its example, which its schema takes, and labels it", () => {
      expect(shownIn(`${kind}.ts`)).toEqual(example);
      const spec = schema.parse(example);
      expect(spec).toMatchObject(example);
      expect(label(spec)).toContain(kind.toUpperCase());
    });
  },
);

describe.each(all)("$kind", (spec) => {
  const { requests, schema, theory, workerState } = methodOf(spec);

  it("takes its own spec and gives it back", () => {
    expect(algorithmSchema.parse(spec)).toEqual(spec);
  });

  it("names points only that its tasks carry, and the state has them", () => {
    const state = methodOf(spec)
      .server(spec, { workers: 3, stepSize: 1, probability: 0.5, shiftStep: 1 })
      .start(Float64Array.of(1, 2));
    for (const { points, gradients } of requests) {
      for (const { at } of gradients) expect(points).toContain(at);
      for (const name of points) expect(state[name]).toEqual(Float64Array.of(1, 2));
    }
  });

  it("has a theory for its probability if and only if its spec has one", () => {
    expect(theory.probability !== undefined).toBe("probability" in schema.shape);
  });

  it("lets the server hold the workers' states only where one vector that follows from the messages is all of them", () => {
    if (!("shift" in schema.shape)) return;
    expect(workerState).toMatchObject({ fromMessages: true, vectors: [expect.any(String)] });
  });
});

it("a spec says who holds the workers' states", () => {
  const diana = specOf("diana", { compressor: { kind: "natural" } });
  expect(stateHolder(diana)).toBe("worker");
  expect(stateHolder({ ...diana, shift: "stored" })).toBe("worker");
  expect(stateHolder({ ...diana, shift: "carried" })).toBe("server");
  expect(stateHolder(specOf("marina", { compressor: { kind: "natural" } }))).toBe("nobody");
});
