/** What a network costs to compute, known before it runs. */
import { gradientGraph, lossGraph } from "./differentiate.ts";
import { blockRowsOf, bytesOf, layoutOf } from "./layout.ts";
import { MAX_KERNEL_BYTES, tooMuchMemory } from "./memory-limit.ts";
import { planOf } from "./plan.ts";
import { dimensionOf, type RowProgram } from "./program.ts";
import type { Precision } from "./spec.ts";

export interface NetworkWork {
  /** d */
  readonly dimension: number;
  /** Floating-point operations of loss and gradient, for one row at one point; an elementary function counts as 20. */
  readonly gradientFlop: number;
  /** Of the loss alone. */
  readonly lossFlop: number;
  /** Values of one row that are held at one time. */
  readonly activationEntries: number;
  /** Kernel memory of a gradient at a pair of points, the most that a round needs. */
  readonly kernelBytes: number;
}

export function workOf(program: RowProgram, precision: Precision): NetworkWork {
  const graph = gradientGraph(program);
  const plan = planOf(graph);
  const layout = layoutOf(graph, plan, 2, blockRowsOf(plan, precision));
  return {
    dimension: dimensionOf(program),
    gradientFlop: plan.flop,
    lossFlop: planOf(lossGraph(program)).flop,
    activationEntries: plan.rowEntries,
    kernelBytes: layout.entries * bytesOf(precision),
  };
}

/** @throws MarinaError `limit` where a network can't run. */
export function checkWork({ kernelBytes }: NetworkWork): void {
  if (kernelBytes > MAX_KERNEL_BYTES) throw tooMuchMemory(kernelBytes, MAX_KERNEL_BYTES);
}
