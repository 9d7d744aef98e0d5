/** A program made ready to run on one set of kernels; objectives of many shards share it. */
import { gradientGraph, hessianVectorGraph, lossGraph, type RowGraph } from "./differentiate.ts";
import type { Kernels } from "./kernels.ts";
import { dimensionOf, type RowProgram } from "./program.ts";
import { Runner } from "./runner.ts";

/** What a pass over rows is for. */
export type PassKind = "loss" | "gradient" | "pair" | "hessian-vector";

export class Network {
  readonly program: RowProgram;
  readonly dimension: number;
  readonly kernels: Kernels;
  readonly #blockRows: number | undefined;
  readonly #runners = new Map<PassKind, Runner>();

  /** `blockRows` is for tests: no bit depends on it. */
  constructor(program: RowProgram, kernels: Kernels, blockRows?: number) {
    this.program = program;
    this.dimension = dimensionOf(program);
    this.kernels = kernels;
    this.#blockRows = blockRows;
  }

  /** @throws MarinaError `limit` where the kernels' memory is too small. */
  runner(kind: PassKind): Runner {
    const present = this.#runners.get(kind);
    if (present !== undefined) return present;
    const runner = new Runner(
      graphOf(this.program, kind),
      this.kernels,
      kind === "pair" ? 2 : 1,
      this.#blockRows,
    );
    this.#runners.set(kind, runner);
    return runner;
  }
}

function graphOf(program: RowProgram, kind: PassKind): RowGraph {
  switch (kind) {
    case "loss":
      return lossGraph(program);
    case "gradient":
    case "pair":
      return gradientGraph(program);
    case "hessian-vector":
      return hessianVectorGraph(program);
  }
}
