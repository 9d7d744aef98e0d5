import { describe, expect, it } from "vitest";
import { MarinaError } from "../base/errors.ts";
import { traceModel } from "./network/trace.ts";
import type { DataForm, DataLabels, ProblemDefinition } from "./problem.ts";
import { openProblem, PROBLEMS, type ProblemSpec, problemLabel } from "./registry.ts";

const LABELS: Readonly<Record<DataLabels["kind"], DataLabels>> = {
  binary: { kind: "binary" },
  real: { kind: "real" },
  classes: { kind: "classes", names: ["a", "b", "c"] },
};
/** What a model of one's own is made of; problems that name no program do not look at it. */
const program = traceModel(
  ({ row, label, parameter, ops }) => {
    const z = ops.add(ops.matmul(row, parameter("w", [4, 1])), parameter("b", [1]));
    return { loss: ops.squaredError(z, label), outputs: z };
  },
  { row: [4], label: { kind: "real" } },
  "tiny",
);
const dataWith = (labels: DataLabels): DataForm => ({
  name: "tiny",
  features: 4,
  shape: [4],
  labels,
  program,
});

describe.each(
  PROBLEMS.map((each) => [each.schema.shape.kind.value, each as unknown as ProblemDefinition] as const),
)("%s", (kind, definition) => {
  const spec = definition.schema.parse(definition.example) as ProblemSpec;
  const [taken] = definition.labels(spec);
  const problem = openProblem(spec, dataWith(LABELS[taken!]));

  it("takes its example, and is labelled with its kind", () => {
    expect(spec).toMatchObject({ kind });
    expect(problemLabel(spec)).toContain(kind);
  });

  it("lays its parameters out block by block, without gaps, d in all", () => {
    const { blocks, dimension } = problem.parameters;
    let end = 0;
    for (const { offset, shape } of blocks) {
      expect(offset).toBe(end);
      end += shape.reduce((product, side) => product * side, 1);
    }
    expect(end).toBe(dimension);
    expect(new Set(blocks.map(({ name }) => name)).size).toBe(blocks.length);
  });

  it("begins with d finite numbers, the same for the same draws", () => {
    const draws = () => {
      let at = 0;
      return { nextUniform: () => ((at++ * 7919) % 1000) / 1000 };
    };
    const x = problem.start(draws());
    expect(x).toHaveLength(problem.parameters.dimension);
    expect(x.every(Number.isFinite)).toBe(true);
    expect(problem.start(draws())).toEqual(x);
  });

  it("has work in proportion to the rows", () => {
    const one = problem.work(1, 4);
    const many = problem.work(10, 40);
    expect(one.rows + one.nonZeros + one.flop).toBeGreaterThan(0);
    for (const part of ["rows", "nonZeros", "flop"] as const) expect(many[part]).toBe(10 * one[part]);
  });

  it("refuses other labels with what takes them and how to import them", () => {
    for (const [other, labels] of Object.entries(LABELS)) {
      if (definition.labels(spec).includes(labels.kind)) continue;
      const open = () => openProblem(spec, dataWith(labels));
      expect(open).toThrow(MarinaError);
      expect(open).toThrow(
        new RegExp(`^problem: expected .*, since data set "tiny" was imported .*; for "${kind}" import it`),
      );
      expect(open).toThrow(expect.objectContaining({ code: "spec" }));
      expect(other).not.toBe(taken);
    }
  });
});
