/** A network over rows, on the kernels of this thread. */
import type { DataForm, DenseRows, Evaluator, NonFiniteRow, Rows } from "../problem.ts";
import { type NetworkProblemSpec, programOf } from "./definition.ts";
import { RowLoader } from "./dense-rows.ts";
import { Network } from "./network.ts";
import { networkObjective } from "./objective.ts";
import { canonicalProgram, type RowProgram } from "./program.ts";
import type { Precision } from "./spec.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";

const PLAIN = { rowWeight: 1, regularizerWeight: 0 };

const kernels = new Map<Precision, WasmKernels>();

/** Networks made ready to run, the one that was asked for last at the end: many environments share a thread. */
const networks = new Map<string, Network>();
const NETWORKS_KEPT = 4;

export function networkEvaluator(spec: NetworkProblemSpec, data: DataForm): Evaluator {
  const { precision = "float64", regularizer } = spec;
  const network = networkOf(programOf(spec, data), precision);
  return {
    objective: (rows, weights) => networkObjective(network, dense(rows), weights, regularizer),
    outputs(rows, x) {
      const values = networkObjective(network, dense(rows), PLAIN).outputs(x);
      return { size: values.length / rows.rows, values };
    },
    figures(rows, x) {
      const { loss, correct = null } = networkObjective(network, dense(rows), PLAIN).evaluate(x);
      return { loss, correct };
    },
    firstNonFinite: (rows, x) => firstNonFinite(network, dense(rows), x),
  };
}

function networkOf(program: RowProgram, precision: Precision): Network {
  const key = `${precision} ${canonicalProgram(program)}`;
  const network = networks.get(key) ?? new Network(program, kernelsOf(precision));
  networks.delete(key);
  networks.set(key, network);
  const [oldest] = networks.keys();
  if (networks.size > NETWORKS_KEPT) networks.delete(oldest!);
  return network;
}

function kernelsOf(precision: Precision): WasmKernels {
  const present = kernels.get(precision);
  if (present !== undefined) return present;
  const made = new WasmKernels(precision);
  kernels.set(precision, made);
  return made;
}

/** Row by row, operation by operation: slow, and asked once in a run's life. */
function firstNonFinite(
  { program, kernels }: Network,
  rows: DenseRows,
  x: Float64Array,
): NonFiniteRow | undefined {
  const runner = new Network(program, kernels, 1).runner("gradient");
  const loader = new RowLoader(rows);
  for (let row = 0; row < rows.rows; row++) {
    runner.begin([x]);
    loader.range(row, 1, runner.input());
    const operation = runner.firstNonFinite();
    if (operation !== undefined) return { row, operation };
  }
  return undefined;
}

function dense(rows: Rows): DenseRows {
  if (!("offsets" in rows)) return rows;
  throw new RangeError("a network reads rows with all their entries");
}
