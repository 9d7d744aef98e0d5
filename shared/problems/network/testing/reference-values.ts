/**
 * Values by an independent program in 80-bit arithmetic (autograd), which jax in float64 and a hand-written backward pass
 * confirm to 1e-15. Rows are the first ones of digits (`digits.ts`).
 */
import { readFileSync } from "node:fs";
import type { DenseRows } from "../../problem.ts";
import { plainRows } from "../dense-rows.ts";
import { networkProgram } from "../layers.ts";
import type { LabelForm, RowProgram } from "../program.ts";
import { networkSchema } from "../spec.ts";
import { loadDigits } from "./digits.ts";

type Entries = readonly (readonly [number, number])[];

export interface ReferenceCase {
  readonly name: string;
  readonly network: { readonly lambda: number; readonly input: readonly number[] };
  readonly targets: "class" | "value" | "one-hot" | "sign" | "input";
  readonly rows: number;
  readonly point: { readonly scale: number; readonly zeroFirst: number };
  readonly d: number;
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly offset: number;
  }[];
  readonly pointNormSquared: number;
  readonly loss: number;
  readonly gradientNormSquared: number;
  readonly gradientEntries: Entries;
  readonly gradientDotSin: number;
  readonly gradientMaxAbs: number;
  readonly gradientNormSquaredByParameter: readonly number[];
  readonly correctRows?: number;
  readonly firstRowOutputs: readonly number[];
  readonly hessianVector?: {
    readonly normSquared: number;
    readonly vHv: number;
    readonly entries: Entries;
    readonly dotSin: number;
  };
}

export interface ReferenceRound {
  readonly k: number;
  readonly loss: number;
  readonly gradientNormSquared: number;
  readonly xEntries: Entries;
  readonly xNormSquared: number;
  readonly xDotSin: number;
  readonly correctRows: number;
}

interface Reference {
  readonly activations: Readonly<Record<string, readonly (readonly [number, number, number, number])[]>>;
  readonly softmaxCrossEntropy: readonly {
    readonly logits: readonly number[];
    readonly label: number;
    readonly loss: number;
    readonly gradient: readonly number[];
  }[];
  readonly cases: readonly ReferenceCase[];
  readonly methods: Pick<ReferenceCase, "network" | "targets" | "d" | "rows" | "point"> & {
    readonly m: number;
    readonly runs: readonly {
      readonly method: "GD" | "MARINA" | "VR-MARINA" | "PP-MARINA";
      readonly gamma: number;
      readonly rounds: readonly ReferenceRound[];
    }[];
  };
}

export const reference: Reference = JSON.parse(
  readFileSync(new URL("reference-values.json", import.meta.url), "utf8"),
);

const digits = loadDigits();

/** The program of a case's network, and rows first .. first + count - 1 of digits with its targets. */
export function caseOf(
  { network, targets }: Pick<ReferenceCase, "network" | "targets">,
  count: number,
  first = 0,
): { program: RowProgram; rows: DenseRows } {
  const { lambda: _, ...spec } = network;
  const program = networkProgram(networkSchema.parse(spec), { shape: [64], label: labelForm(targets) });
  const labels = digits.digits
    .subarray(first, first + count)
    .map((digit) => (targets === "sign" ? (digit >= 5 ? 1 : -1) : digit));
  return { program, rows: plainRows([64], digits.pixels.subarray(64 * first, 64 * (first + count)), labels) };
}

function labelForm(targets: ReferenceCase["targets"]): LabelForm {
  switch (targets) {
    case "class":
    case "one-hot":
      return { kind: "classes", count: 10 };
    case "value":
      return { kind: "real" };
    case "sign":
      return { kind: "binary" };
    case "input":
      return { kind: "none" };
  }
}

/** x_j = scale sin((j + 1)^2), the first ones 0. */
export function referencePoint({ d, point }: Pick<ReferenceCase, "d" | "point">): Float64Array {
  return Float64Array.from({ length: d }, (_, j) =>
    j < point.zeroFirst ? 0 : point.scale * Math.sin((j + 1) ** 2),
  );
}

/** sum_j g_j sin(j + 1) */
export function dotSin(g: Float64Array): number {
  return g.reduce((sum, value, j) => sum + value * Math.sin(j + 1), 0);
}
