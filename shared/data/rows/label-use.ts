/** What labels mean to a problem. */
import { MARINA, MarinaError } from "../../base/index.ts";
import type { Manifest } from "../manifest.ts";

/** What a problem needs its labels to be: two classes (+1, -1), any reals, the numbers of classes, or nothing. */
export type LabelUse = "classification" | "regression" | "classes" | "none";

const SHOWN_NAMES = 5;

/** The first few classes by name, for people. */
export function shownClasses(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name));
  return names.length > SHOWN_NAMES ? `${shown.join(", ")}, ...` : shown.join(", ");
}

/** @throws MarinaError "spec" when a data set's labels are of another kind than a problem needs, with what to do. */
export function checkLabelUse(
  { name, labels }: Pick<Manifest, "name" | "labels">,
  labelsFor: LabelUse,
): void {
  if (labelsFor === "none") return;
  if (labels.kind === "classes") {
    if (labelsFor === "classes") return;
    const linear =
      labelsFor === "classification"
        ? "one class against the others: import it again with --positive LABEL"
        : "numbers to predict: import it again with --labels real";
    throw new MarinaError(
      "spec",
      `problem: data set "${name}" has ${labels.names.length} classes (${shownClasses(labels.names)}), which a linear problem has no use for; ${linear}; all classes: a problem of kind "network" with the loss "softmax-cross-entropy"`,
    );
  }
  if (labelsFor === "classes") {
    const kind = labels.kind === "real" ? "real labels" : "the labels +1 and -1";
    throw new MarinaError(
      "spec",
      `problem: expected a data set of classes, "${name}" was imported with ${kind}: import it again with ${MARINA} data import --labels classes`,
    );
  }
  if (labelsFor === "classification" && labels.kind === "real") {
    throw new MarinaError(
      "spec",
      `problem: expected a regression problem ("least-squares"), since data set "${name}" was imported with real ` +
        "labels; for classification import it again with two label values (--labels binary)",
    );
  }
}

/**
 * Stored labels as a problem sees them.
 * @throws MarinaError "corrupt" for one that the manifest does not know.
 */
export function mapLabels(
  { labels, object }: Pick<Manifest, "labels" | "object">,
  raw: Float64Array,
): Float64Array {
  const unknown = (expected: string, label: number, row: number): MarinaError =>
    new MarinaError(
      "corrupt",
      `${object.key}: expected ${expected} at row ${row} of the shard, got ${label}`,
    );
  switch (labels.kind) {
    case "real":
      return raw;
    case "classes":
      for (const [row, label] of raw.entries()) {
        if (Number.isInteger(label) && label >= 0 && label < labels.names.length) continue;
        throw unknown(`a class, 0 to ${labels.names.length - 1},`, label, row);
      }
      return raw;
    case "binary":
      return raw.map((label, row) => {
        if (label === labels.positive) return 1;
        if (label === labels.negative) return -1;
        throw unknown(`label ${labels.negative} or ${labels.positive}`, label, row);
      });
  }
}
