/** What labels mean to a problem. */
import { MarinaError } from "../../base/index.ts";
import type { Manifest } from "../manifest.ts";

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
