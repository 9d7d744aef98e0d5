/**
 * The 0.9-quantile of the target, by a network with one hidden layer and the quantile loss
 *
 *     loss(z, y) = max(0.9 (y - z), -0.1 (y - z))
 *
 * whose minimiser, over rows like these, has nine tenths of the targets below it (Koenker and Bassett 1978).
 */
import type { ModelDefinition } from "../../client/library.ts";

const QUANTILE = 0.9;
const FEATURES = 2;
const HIDDEN = 8;

export default {
  row: [FEATURES],
  label: { kind: "real" },
  model({ row, label, parameter, ops }) {
    const hidden = ops.tanh(
      ops.add(
        ops.matmul(row, parameter("hidden.weight", [FEATURES, HIDDEN])),
        parameter("hidden.bias", [HIDDEN]),
      ),
    );
    const z = ops.add(
      ops.matmul(hidden, parameter("output.weight", [HIDDEN, 1])),
      parameter("output.bias", [1]),
    );
    const above = ops.subtract(label, z);
    return {
      loss: ops.sum(ops.maximum(ops.multiply(above, QUANTILE), ops.multiply(above, QUANTILE - 1))),
      outputs: z,
    };
  },
} satisfies ModelDefinition;
