/** For tests of cells that are not run: what they are checked against. */
import type { Manifest } from "../../shared/data/manifest.ts";

/** Of the size of mushrooms; any data set is this one. @param sha256 of its rows */
export function manifestNamed(name: string, sha256 = "0".repeat(64)): Manifest {
  return {
    version: 1,
    name,
    source: { fileName: `${name}.txt`, bytes: 1, sha256: "0".repeat(64) },
    rows: 8124,
    featureCount: 112,
    nonZeros: 170_604,
    labels: { kind: "binary", negative: 1, positive: 2, negatives: 4208, positives: 3916 },
    groups: [],
    object: { key: `datasets/${name}/rows-1`, bytes: 1_000_000, etag: "e", sha256 },
  };
}
