/** What a problem is told of a data set. */
import type { DataForm } from "../problems/index.ts";
import type { Manifest } from "./manifest.ts";

export function dataForm({ name, featureCount, labels }: Manifest): DataForm {
  return { name, features: featureCount, shape: [featureCount], labels: { kind: labels.kind } };
}
