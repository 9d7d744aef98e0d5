/**
 * Models of one's own: the loss of a row is a stored row program, which a spec names by its SHA-256.
 *
 *     f_i(x) = (1/m) sum_l program(row_il, label_il; x) + reg(x)
 *
 * The program was checked when it was built and is checked again wherever it is read; nobody runs the file that it was built from.
 * @example { "kind": "model", "program": "<what marina model build has printed>" }
 */
import * as z from "zod";
import { MarinaError } from "../../base/index.ts";
import { type DataForm, defineProblem, type Problem } from "../problem.ts";
import { regularizer, regularizerText } from "../regularizers.ts";
import { labelFormOf, NO_SMOOTHNESS, overProgram, singleWarning } from "./definition.ts";
import type { LabelForm, RowProgram } from "./program.ts";
import { shapeText, sizeOf } from "./shape.ts";

const schema = z.strictObject({
  kind: z.literal("model"),
  program: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "expected the 64 hexadecimal digits that marina model build prints")
    .describe("SHA-256 of a program that marina model build has stored."),
  precision: z.enum(["float64", "float32"]).optional().describe("float64 if left out."),
  regularizer,
});
export type ModelProblemSpec = z.output<typeof schema>;

export const model = defineProblem({
  schema,
  example: { kind: "model", program: "0".repeat(64), regularizer: { kind: "l2", lambda: 0.01 } },
  label({ program, precision, regularizer }) {
    const single = precision === "float32" ? ", float32" : "";
    return `model ${program.slice(0, 12)}${single}${regularizerText(regularizer)}`;
  },
  // The program says which; see `open`.
  labels: () => ["real", "classes", "binary"],
  start: "model",
  smoothness: { unknown: NO_SMOOTHNESS },
  warning: singleWarning,
  program: ({ program }) => program,
  open(spec, data): Problem {
    return overProgram(modelProgram(data), {
      precision: spec.precision,
      predicts: "labels",
      advice: "build a smaller model",
    });
  },
});

/**
 * The program, for data of its form.
 * @throws MarinaError "spec" where rows or labels are others. RangeError where nobody has read it: a defect of the caller.
 */
export function modelProgram({ name, features, labels, program }: DataForm): RowProgram {
  if (program === undefined) throw new RangeError("the model's program was not read");
  if (sizeOf(program.row) !== features) {
    throw new MarinaError(
      "spec",
      `problem.program: the model reads rows of shape ${shapeText(program.row)}, ${sizeOf(program.row)} numbers, data set "${name}" has ${features}; build it for this data set: marina model build FILE --data ${name}`,
    );
  }
  const got = labelFormOf(labels);
  if (program.label.kind !== "none" && text(program.label) !== text(got)) {
    throw new MarinaError(
      "spec",
      `problem.program: the model was built for labels ${text(program.label)}, data set "${name}" has ${text(got)}; build it for this data set: marina model build FILE --data ${name}`,
    );
  }
  return program;
}

function text(label: LabelForm): string {
  return label.kind === "classes" ? `classes (${label.count})` : label.kind;
}
