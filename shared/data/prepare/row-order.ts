/** Orders of rows other than the file's: since a shard is a range of rows, the order is what deals them out to workers. */
import { MarinaError } from "../../base/index.ts";
import { dirichlet, Purpose, permutation, Stream } from "../../math/index.ts";
import type { RowOrder } from "../manifest.ts";
import { partition } from "../partition.ts";

/**
 * Numbers of the file's rows, from 0, in the order asked for: a function of the labels and the seed.
 * @param source what the file is called in errors. @throws MarinaError "usage" for more clients than rows.
 */
export function rowOrder(order: RowOrder, labels: Float64Array, source: string): Uint32Array {
  switch (order.by) {
    case "shuffle":
      return shuffled(labels.length, order.seed);
    case "label":
      return byLabel(labels);
    case "dirichlet":
      return byClient(order, labels, source);
  }
}

function shuffled(rows: number, seed: number): Uint32Array {
  return permutation(new Stream({ seed, purpose: Purpose.rows, round: 0, index: 0 }), rows);
}

/** Rows of one label stay in the file's order. */
function byLabel(labels: Float64Array): Uint32Array {
  return Uint32Array.from(labels, (_, row) => row).sort((a, b) => labels[a]! - labels[b]! || a - b);
}

/**
 * Clients that differ in their labels, as Hsu, Qi and Brown, "Measuring the effects of non-identical data distribution for
 * federated visual classification" (2019), make them: client c draws shares q_c of the classes from Dirichlet(alpha p), where
 * p are the shares of the whole, and then each of its rows by q_c from those that are left. Clients have equally many
 * rows: they are the shards of a run with as many workers.
 */
function byClient(
  { alpha, clients, seed }: RowOrder & { readonly by: "dirichlet" },
  labels: Float64Array,
  source: string,
): Uint32Array {
  const rows = labels.length;
  if (clients > rows) {
    throw new MarinaError(
      "usage",
      `--clients: expected at most ${rows} (the rows of ${source}), got ${clients}`,
    );
  }
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const pools = new Map(classes.map((label) => [label, [] as number[]]));
  for (const row of shuffled(rows, seed)) pools.get(labels[row]!)!.push(row);
  const concentrations = classes.map((label) => (alpha * pools.get(label)!.length) / rows);
  const order = new Uint32Array(rows);
  let at = 0;
  for (const [client, { count }] of partition(rows, clients, "spread").entries()) {
    const stream = new Stream({ seed, purpose: Purpose.rows, round: 1, index: client });
    const shares = dirichlet(concentrations, stream);
    for (const end = at + count; at < end; at++) {
      order[at] = drawClass(classes, shares, pools, stream).pop()!;
    }
  }
  return order;
}

/** Rows of a class by its share among the classes that have rows left. */
function drawClass(
  classes: readonly number[],
  shares: readonly number[],
  pools: ReadonlyMap<number, number[]>,
  stream: Stream,
): number[] {
  const left = classes.flatMap((label, k) => {
    const pool = pools.get(label)!;
    return pool.length === 0 ? [] : [{ pool, share: shares[k]! }];
  });
  const sum = left.reduce((total, { share }) => total + share, 0);
  let drawn = stream.nextUniform() * sum;
  for (const { pool, share } of left) {
    drawn -= share;
    if (drawn < 0) return pool;
  }
  // Where the shares of those left are all 0, or the last bits of a sum decide.
  return left.at(-1)!.pool;
}
