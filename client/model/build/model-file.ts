/** What a model's file exports, and what its rows are: types for those who write one, and the check of what was written. */
import { MarinaError } from "../../../shared/base/index.ts";
import type { LabelForm, ModelForm, ModelFunction, Shape } from "../../../shared/problems/index.ts";

/** A model with the form of its rows; a function alone is told it by `--data`, or `--row` and `--label`. */
export interface ModelDefinition {
  /** Shape of a row: [64], or [height, width, channels]. */
  readonly row: Shape;
  /** What its label is. */
  readonly label: LabelForm;
  readonly model: ModelFunction;
}

/**
 * A model of one's own, as the default export of a file for `marina model build`. It gives back what it is given.
 *
 * ```ts
 * export default defineModel({
 *   row: [64],
 *   label: { kind: "classes", count: 10 },
 *   model({ row, label, parameter, ops }) {
 *     const z = ops.add(ops.matmul(row, parameter("W", [64, 10])), parameter("b", [10]));
 *     return { loss: ops.softmaxCrossEntropy(z, label), outputs: z };
 *   },
 * });
 * ```
 */
export function defineModel(definition: ModelDefinition): ModelDefinition {
  return definition;
}

/** @throws MarinaError "spec" for a file that exports no model, "usage" where the form of its rows is not known. */
export function readExport(
  exported: unknown,
  given: Partial<ModelForm>,
  source: string,
): ModelForm & { readonly model: ModelFunction } {
  if (typeof exported === "function") return complete(exported as ModelFunction, given, source);
  if (
    typeof exported !== "object" ||
    exported === null ||
    typeof (exported as ModelDefinition).model !== "function"
  ) {
    throw new MarinaError(
      "spec",
      `${source}: expected as default export a function of ({ row, label, parameter, ops }), or defineModel({ row, label, model }), got ${exported === undefined ? "no default export" : typeof exported}`,
    );
  }
  const { row, label, model } = exported as ModelDefinition;
  return complete(
    model,
    { ...given, ...(row === undefined ? {} : { row }), ...(label === undefined ? {} : { label }) },
    source,
  );
}

function complete(model: ModelFunction, { row, label }: Partial<ModelForm>, source: string) {
  if (row !== undefined && label !== undefined) return { model, row, label };
  throw new MarinaError(
    "usage",
    `${source}: expected --data NAME, or --row and --label: what a row and its label are is not said in the file (defineModel)`,
  );
}
