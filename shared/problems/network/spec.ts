/** How a network is written in a spec: its layers, its loss, its precision. */
import * as z from "zod";

const MAX_LAYERS = 1000;
const MAX_SIZE = 1_000_000;

const count = z.int().min(1).max(MAX_SIZE);
const sides = z.tuple([z.int().min(1).max(4096), z.int().min(1).max(4096)]);
const zeros = z.tuple([z.int().min(0).max(4096), z.int().min(0).max(4096)]);

export const activations = ["relu", "tanh", "sigmoid", "softplus", "silu", "gelu-tanh"] as const;
export type Activation = (typeof activations)[number];

export const losses = [
  "softmax-cross-entropy",
  "squared",
  "huber",
  "reconstruction",
  "logistic",
  "nonconvex-binary",
] as const;
export type LossName = (typeof losses)[number];

const layerKinds = [
  "dense",
  "activation",
  "conv2d",
  "maxPool2d",
  "avgPool2d",
  "globalAveragePool",
  "flatten",
  "layerNorm",
  "groupNorm",
  "residual",
] as const;

const pool = z.strictObject({
  window: sides.describe("Height and width of the window."),
  stride: sides.describe("Vertical and horizontal step between windows."),
});

const epsilon = z.number().positive().max(1).describe("Added to the variance.");

/**
 * One object with all kinds' keys instead of a union, so that a wrong attribute is reported at its own path; exactly one kind
 * is checked here, and `narrowLayer` turns it into a union.
 */
const layerSchema = z
  .strictObject({
    dense: count.optional().describe("z = a W + b with so many outputs; takes a vector."),
    bias: z.boolean().optional().describe("Of a dense layer: false leaves b out."),
    activation: z.enum(activations).optional(),
    conv2d: z
      .strictObject({
        filters: count.describe("Channels of the result."),
        kernel: sides.describe("Height and width of the kernel."),
        stride: sides.optional().describe("Vertical and horizontal step; [1, 1] if left out."),
        padding: z
          .union([z.enum(["valid", "same"]), z.tuple([zeros, zeros])])
          .optional()
          .describe(
            'Zeros around the image: [[top, bottom], [left, right]]; "valid" (if left out) is none, "same" (stride 1 only) keeps height and width.',
          ),
        bias: z.boolean().optional(),
      })
      .optional(),
    maxPool2d: pool.optional(),
    avgPool2d: pool.optional(),
    globalAveragePool: z.literal(true).optional(),
    flatten: z.literal(true).optional(),
    layerNorm: z.strictObject({ epsilon: epsilon.optional() }).optional(),
    groupNorm: z.strictObject({ groups: count, epsilon: epsilon.optional() }).optional(),
    residual: z
      .strictObject({
        get layers() {
          return z.array(layerSchema).min(1).max(MAX_LAYERS);
        },
      })
      .optional()
      .describe("a + layers(a)"),
    // Not there, and asked for: the reason is the answer.
    batchNorm: z
      .never("mixes the rows of a batch, so f would be no sum over rows; use layerNorm or groupNorm instead")
      .optional(),
    dropout: z
      .never(
        "draws new numbers in every evaluation, so f would be no function of x; use a regularizer instead",
      )
      .optional(),
  })
  .superRefine((layer, context) => {
    const present = layerKinds.filter((kind) => layer[kind] !== undefined);
    if (present.length !== 1) {
      const got = present.length === 0 ? "none of them" : present.join(" and ");
      context.addIssue({
        code: "custom",
        message: `expected exactly one of ${layerKinds.join(", ")}, got ${got}`,
      });
    } else if (layer.bias !== undefined && layer.dense === undefined) {
      context.addIssue({
        code: "custom",
        path: ["bias"],
        message: `belongs to a dense layer (a conv2d layer has its bias among its own attributes), got it beside ${present[0]}`,
      });
    }
  })
  .meta({ id: "layer" });

export type LayerSpec = z.infer<typeof layerSchema>;

/** What a network problem has besides its kind and its regulariser. */
export const networkFields = {
  input: z
    .array(count)
    .min(1)
    .max(3)
    .optional()
    .describe("Shape of a row; the data's own shape if left out. [height, width, channels] for images."),
  layers: z.array(layerSchema).min(1).max(MAX_LAYERS),
  loss: z.union([z.enum(losses), z.strictObject({ kind: z.literal("huber"), delta: z.number().positive() })]),
  delta: z.number().positive().optional().describe("Of the huber loss: where it turns linear."),
  precision: z.enum(["float64", "float32"]).optional().describe("float64 if left out."),
};

export const networkSchema = z.strictObject(networkFields);
export type NetworkSpec = z.infer<typeof networkSchema>;
export type Precision = "float64" | "float32";

/** A layer as a union by kind. */
export type Layer =
  | { readonly kind: "dense"; readonly outputs: number; readonly bias: boolean }
  | { readonly kind: "activation"; readonly activation: Activation }
  | ({ readonly kind: "conv2d" } & NonNullable<LayerSpec["conv2d"]>)
  | ({ readonly kind: "maxPool2d" } & NonNullable<LayerSpec["maxPool2d"]>)
  | ({ readonly kind: "avgPool2d" } & NonNullable<LayerSpec["avgPool2d"]>)
  | { readonly kind: "globalAveragePool" }
  | { readonly kind: "flatten" }
  | { readonly kind: "layerNorm"; readonly epsilon: number }
  | { readonly kind: "groupNorm"; readonly groups: number; readonly epsilon: number }
  | { readonly kind: "residual"; readonly layers: readonly LayerSpec[] };

const EPSILON = 1e-5;

export function narrowLayer(layer: LayerSpec): Layer {
  if (layer.dense !== undefined) return { kind: "dense", outputs: layer.dense, bias: layer.bias ?? true };
  if (layer.activation !== undefined) return { kind: "activation", activation: layer.activation };
  if (layer.conv2d !== undefined) return { kind: "conv2d", ...layer.conv2d };
  if (layer.maxPool2d !== undefined) return { kind: "maxPool2d", ...layer.maxPool2d };
  if (layer.avgPool2d !== undefined) return { kind: "avgPool2d", ...layer.avgPool2d };
  if (layer.globalAveragePool !== undefined) return { kind: "globalAveragePool" };
  if (layer.flatten !== undefined) return { kind: "flatten" };
  if (layer.layerNorm !== undefined)
    return { kind: "layerNorm", epsilon: layer.layerNorm.epsilon ?? EPSILON };
  if (layer.groupNorm !== undefined) {
    return { kind: "groupNorm", groups: layer.groupNorm.groups, epsilon: layer.groupNorm.epsilon ?? EPSILON };
  }
  return { kind: "residual", layers: layer.residual!.layers };
}
