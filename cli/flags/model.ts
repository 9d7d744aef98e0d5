/** What a row of a model and its label are. */
import type { LabelForm, Shape } from "../../shared/problems/index.ts";
import { InvalidArgumentError } from "../commander.ts";

export function rowShape(text: string): Shape {
  const sizes = text.split(",").map(Number);
  if (sizes.length <= 3 && sizes.every((size) => Number.isSafeInteger(size) && size >= 1)) return sizes;
  throw new InvalidArgumentError("expected one to three sizes, such as 64 or 28,28,1");
}

export function labelForm(text: string): LabelForm {
  if (text === "real" || text === "binary" || text === "none") return { kind: text };
  const count = Number(/^classes:(\d+)$/.exec(text)?.[1]);
  if (Number.isSafeInteger(count) && count >= 2) return { kind: "classes", count };
  throw new InvalidArgumentError("expected real, binary, none, or classes:COUNT, such as classes:10");
}
