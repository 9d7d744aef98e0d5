/** What a problem is told of a data set. */
import type { DataForm, DataLabels } from "../problems/index.ts";
import type { Manifest } from "./manifest.ts";

export function dataForm({ name, featureCount, dense, labels }: Manifest): DataForm {
  return {
    name,
    features: featureCount,
    shape: dense?.shape ?? [featureCount],
    labels: formOf(labels),
  };
}

function formOf(labels: Manifest["labels"]): DataLabels {
  return labels.kind === "classes" ? { kind: "classes", names: labels.names } : { kind: labels.kind };
}
