/** A row's loss from its outputs z, written as nodes. */
import { MarinaError } from "../../base/index.ts";
import type { LabelForm } from "./program.ts";
import { sameShape, shapeText, sizeOf } from "./shape.ts";
import type { LossName } from "./spec.ts";
import type { GraphWriter } from "./writer.ts";

export type Loss =
  | { readonly kind: Exclude<LossName, "huber"> }
  | { readonly kind: "huber"; readonly delta: number };

/** The node of the loss of the outputs `z`. @throws MarinaError `spec` where outputs, labels and loss don't fit. */
export function writeLoss(
  writer: GraphWriter,
  loss: Loss,
  z: number,
  label: LabelForm,
  where: string,
): number {
  switch (loss.kind) {
    case "softmax-cross-entropy":
      return softmaxCrossEntropy(writer, z, label, where);
    case "squared":
    case "reconstruction": {
      const r = residual(writer, loss.kind, z, label, where);
      return halved(writer, sum(writer, writer.add("multiply", [r, r])));
    }
    case "huber":
      return huber(writer, residual(writer, loss.kind, z, label, where), loss.delta);
    case "logistic":
      return writer.add("softplus", [missed(writer, loss.kind, z, label, where)]);
    case "nonconvex-binary": {
      const wrong = writer.add("sigmoid", [missed(writer, loss.kind, z, label, where)]);
      return writer.add("multiply", [wrong, wrong]);
    }
  }
}

/** log(sum_c exp(z_c - max z)) - (z_y - max z). The shift changes nothing, so its derivative is left out. */
function softmaxCrossEntropy(writer: GraphWriter, z: number, label: LabelForm, where: string): number {
  const shape = writer.shapeOf(z);
  if (label.kind !== "classes") {
    throw new MarinaError(
      "spec",
      `${where}: "softmax-cross-entropy" needs labels that are classes, the data's are ${label.kind}; import them as classes`,
    );
  }
  if (!sameShape(shape, [label.count])) {
    throw new MarinaError(
      "spec",
      `${where}: "softmax-cross-entropy" needs one output a class, [${label.count}], the last layer gives ${shapeText(shape)}`,
    );
  }
  const grouping = { positions: 1, groups: 1, size: label.count };
  const top = writer.add("spreadGroups", [writer.add("largest", [z])], { ...grouping, shape });
  const shifted = writer.add("subtract", [z, top]);
  const total = writer.add("sumGroups", [writer.add("exp", [shifted])], grouping);
  return writer.add("subtract", [
    writer.add("log", [total]),
    writer.add("pick", [shifted, writer.add("label", [])]),
  ]);
}

/** z minus the target: the row itself, a class's unit vector, or the label as the one output. */
function residual(writer: GraphWriter, loss: string, z: number, label: LabelForm, where: string): number {
  const shape = writer.shapeOf(z);
  if (loss === "reconstruction") {
    const size = sizeOf(writer.row);
    if (sizeOf(shape) !== size) {
      throw new MarinaError(
        "spec",
        `${where}: "reconstruction" needs as many outputs as a row has entries, ${size}, the last layer gives ${shapeText(shape)}`,
      );
    }
    return writer.add("subtract", [z, reshaped(writer, writer.add("row", []), shape)]);
  }
  if (label.kind === "classes") {
    if (!sameShape(shape, [label.count])) {
      throw new MarinaError(
        "spec",
        `${where}: "${loss}" of classes needs one output a class, [${label.count}], the last layer gives ${shapeText(shape)}; for the label as one number import the labels as real`,
      );
    }
    const one = writer.add("constant", [], { value: 1 });
    return writer.add("subtract", [
      z,
      writer.add("place", [one, writer.add("label", [])], { size: label.count }),
    ]);
  }
  oneOutput(writer, loss, z, where);
  if (label.kind === "none") throw needsLabels(loss, where);
  return writer.add("subtract", [z, reshaped(writer, writer.add("label", []), shape)]);
}

/** sum of r^2/2 where |r| <= delta, else delta (|r| - delta/2): c r - c^2/2 with c = r clipped to [-delta, delta]. */
function huber(writer: GraphWriter, r: number, delta: number): number {
  const c = writer.add("clip", [r], { limit: delta });
  const half = halved(writer, writer.add("multiply", [c, c]));
  return sum(writer, writer.add("subtract", [writer.add("multiply", [c, r]), half]));
}

/** -y z as a scalar. */
function missed(writer: GraphWriter, loss: string, z: number, label: LabelForm, where: string): number {
  if (label.kind !== "binary") {
    throw new MarinaError(
      "spec",
      `${where}: "${loss}" needs labels +1 and -1, the data's are ${label.kind}; import them as binary`,
    );
  }
  oneOutput(writer, loss, z, where);
  const t = writer.add("multiply", [writer.add("label", []), reshaped(writer, z, [])]);
  return writer.add("affine", [t], { scale: -1, offset: 0 });
}

function oneOutput(writer: GraphWriter, loss: string, z: number, where: string): void {
  const shape = writer.shapeOf(z);
  if (!sameShape(shape, [1])) {
    throw new MarinaError(
      "spec",
      `${where}: "${loss}" needs one output, the last layer gives ${shapeText(shape)}; end with { "dense": 1 }`,
    );
  }
}

function needsLabels(loss: string, where: string): MarinaError {
  return new MarinaError("spec", `${where}: "${loss}" needs labels, the data have none`);
}

function reshaped(writer: GraphWriter, node: number, shape: readonly number[]): number {
  return sameShape(writer.shapeOf(node), shape) ? node : writer.add("reshape", [node], { shape });
}

function halved(writer: GraphWriter, node: number): number {
  return writer.add("affine", [node], { scale: 0.5, offset: 0 });
}

function sum(writer: GraphWriter, node: number): number {
  return writer.add("sumGroups", [node], { positions: 1, groups: 1, size: sizeOf(writer.shapeOf(node)) });
}
