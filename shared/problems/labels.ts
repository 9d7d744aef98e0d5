/** Labels that a problem does not take. */
import { MarinaError } from "../base/index.ts";
import type { DataForm, DataLabels } from "./problem.ts";

const SHOWN_NAMES = 5;

/** What to do, by the labels that are needed. */
const IMPORT_AGAIN: Readonly<Record<DataLabels["kind"], string>> = {
  binary: "two label values (--labels binary, or one class against the others with --positive LABEL)",
  real: "numbers to predict (--labels real)",
  classes: "classes (--labels classes)",
};

/** @param others the problems that take the data's labels. */
export function otherLabels(
  kind: string,
  taken: readonly DataLabels["kind"][],
  { name, labels }: DataForm,
  others: readonly string[],
): MarinaError {
  const kinds = others.map((other) => `"${other}"`).join(" or ");
  return new MarinaError(
    "spec",
    `problem: expected ${kinds}, since data set "${name}" was imported with ${described(labels)}; ` +
      `for "${kind}" import it again with ${taken.map((each) => IMPORT_AGAIN[each]).join(" or ")}`,
  );
}

function described(labels: DataLabels): string {
  switch (labels.kind) {
    case "binary":
      return "two label values";
    case "real":
      return "real labels";
    case "classes": {
      const shown = labels.names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name));
      const more = labels.names.length > SHOWN_NAMES ? ", ..." : "";
      return `${labels.names.length} classes (${shown.join(", ")}${more})`;
    }
  }
}
