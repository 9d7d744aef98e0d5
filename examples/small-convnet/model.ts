/** Handwritten digits of 8 x 8 pixels: two convolutions, a mean over each channel, ten classes. d = 1,418. */
import type { ModelDefinition } from "../../client/library.ts";

const SAME = [
  [1, 1],
  [1, 1],
] as const;

export default {
  row: [8, 8, 1],
  label: { kind: "classes", count: 10 },
  model({ row, label, parameter, ops, he }) {
    const first = ops.conv2d(row, parameter("conv1.weight", [3, 3, 1, 8], he()), { padding: SAME });
    const a = ops.relu(ops.add(first, parameter("conv1.bias", [8])));
    const halved = ops.maxPool2d(a, { window: [2, 2], stride: [2, 2] });
    const second = ops.conv2d(halved, parameter("conv2.weight", [3, 3, 8, 16], he()), { padding: SAME });
    const b = ops.relu(ops.add(second, parameter("conv2.bias", [16])));
    const pooled = ops.avgPool2d(b, { window: [4, 4], stride: [4, 4] });
    const z = ops.add(
      ops.matmul(ops.flatten(pooled), parameter("classes.weight", [16, 10])),
      parameter("classes.bias", [10]),
    );
    return { loss: ops.softmaxCrossEntropy(z, label), outputs: z };
  },
} satisfies ModelDefinition;
