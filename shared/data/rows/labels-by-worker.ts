/** Which labels the workers of a run would see. */
import { MarinaError } from "../../base/index.ts";
import type { ObjectStore } from "../../cloud/index.ts";
import type { Manifest, ManifestGroup } from "../manifest.ts";
import { partition, type Remainder } from "../partition.ts";
import { denseLabelsRange } from "./dense-group.ts";
import { labelsRange } from "./row-group.ts";

export interface LabelCounts {
  readonly rows: number;
  /** Of two classes: rows with +1. 0 for real labels. */
  readonly positives: number;
  /** Of classes: rows of each; empty for other labels. */
  readonly classes: readonly number[];
  /** Of the labels as imported. */
  readonly mean: number;
}

/**
 * In worker order. Of the stored rows only the labels are read, one row group after the other.
 * @throws MarinaError "spec" as `partition`, "corrupt" for labels that the manifest does not know.
 */
export async function labelsByWorker(
  objects: Pick<ObjectStore, "get">,
  manifest: Manifest,
  workers: number,
  remainder: Remainder,
): Promise<readonly LabelCounts[]> {
  const parts = partition(manifest.rows, workers, remainder);
  const { labels } = manifest;
  const classes = labels.kind === "classes" ? labels.names.length : 0;
  const sums = parts.map(() => ({ positives: 0, sum: 0, classes: new Array<number>(classes).fill(0) }));
  const { key, etag } = manifest.object;
  let worker = 0;
  const groups: readonly ManifestGroup[] = manifest.groups;
  for (const group of groups) {
    const within = "indexType" in group ? labelsRange(group) : denseLabelsRange(group);
    const range = { start: group.byteOffset + within.start, end: group.byteOffset + within.end };
    const { body } = await objects.get(key, { range, ifMatch: etag });
    // A copy, since the bytes need not be aligned.
    const values = new Float64Array(new Uint8Array(body).buffer);
    for (const [l, label] of values.entries()) {
      const row = group.firstRow + l;
      while (worker < parts.length && row >= parts[worker]!.first + parts[worker]!.count) worker++;
      if (worker === parts.length) break;
      const of = sums[worker]!;
      of.sum += label;
      if (labels.kind === "classes") {
        if (of.classes[label] === undefined) {
          throw new MarinaError(
            "corrupt",
            `${key}: expected a class, 0 to ${classes - 1}, at row ${row}, got ${label}`,
          );
        }
        of.classes[label]++;
      }
      if (labels.kind !== "binary") continue;
      if (label === labels.positive) of.positives++;
      else if (label !== labels.negative) {
        const expected = `expected label ${labels.negative} or ${labels.positive}`;
        throw new MarinaError("corrupt", `${key}: ${expected} at row ${row}, got ${label}`);
      }
    }
  }
  return parts.map(({ count }, i) => ({
    rows: count,
    positives: sums[i]!.positives,
    classes: sums[i]!.classes,
    mean: sums[i]!.sum / count,
  }));
}
