/** How long computing takes on a function's vCPU. */
import type { Work } from "../../shared/cloud/index.ts";
import { NETWORK_FLOP_PER_SECOND } from "../../shared/protocol/index.ts";

/** Lambda gives a function one whole vCPU at this memory, and a share in proportion below. Lambda quotas page. */
export const MEMORY_MB_PER_VCPU = 1769;

/** Computing time by the amount of work, on one whole vCPU. */
export interface ComputeRates {
  readonly rowNanoseconds: number;
  readonly nonZeroNanoseconds: number;
  readonly entryNanoseconds: number;
  readonly indexNanoseconds: number;
  readonly uniformNanoseconds: number;
  readonly flopNanoseconds: number;
}

/**
 * How `compute.run` is charged: by a model, which repeats from run to run and from machine to machine, or by what this
 * machine took (`wallClock` in milliseconds) times a factor.
 */
export type ComputeCharge =
  | { readonly kind: "model"; readonly rates: ComputeRates }
  | { readonly kind: "measured"; readonly wallClock: () => number; readonly slowdown: number };

/**
 * Rates of one Lambda vCPU: timed on a developer machine in Node 24 (a pass over CSR rows of a logistic-like loss: one
 * exponential a row, a multiply-add each for margin and gradient a stored entry; a scaled vector sum; the draws of RandK and
 * of QSGD by `node bench/vector-work.ts` at d = 1e6 and 1e5), 1.6 times slower on Lambda by assumption.
 */
export const LAMBDA_RATES: ComputeRates = {
  rowNanoseconds: 10 * 1.6,
  nonZeroNanoseconds: 2.9 * 1.6,
  entryNanoseconds: 1.1 * 1.6,
  indexNanoseconds: 55 * 1.6,
  uniformNanoseconds: 28 * 1.6,
  flopNanoseconds: 1e9 / NETWORK_FLOP_PER_SECOND,
};

/** The rates of a processor that takes so many times as long. */
export function scaledRates(rates: ComputeRates, factor: number): ComputeRates {
  return {
    rowNanoseconds: factor * rates.rowNanoseconds,
    nonZeroNanoseconds: factor * rates.nonZeroNanoseconds,
    entryNanoseconds: factor * rates.entryNanoseconds,
    indexNanoseconds: factor * rates.indexNanoseconds,
    uniformNanoseconds: factor * rates.uniformNanoseconds,
    flopNanoseconds: factor * rates.flopNanoseconds,
  };
}

/** Computing takes no time. */
export const FREE_RATES: ComputeRates = {
  rowNanoseconds: 0,
  nonZeroNanoseconds: 0,
  entryNanoseconds: 0,
  flopNanoseconds: 0,
  indexNanoseconds: 0,
  uniformNanoseconds: 0,
};

/** The sum of each amount times its rate, in milliseconds of one whole vCPU. */
export function modelMilliseconds(
  rates: ComputeRates,
  { rows, nonZeros, entries, flop = 0, indices = 0, uniforms = 0 }: Work,
): number {
  const nanoseconds =
    rows * rates.rowNanoseconds +
    nonZeros * rates.nonZeroNanoseconds +
    entries * rates.entryNanoseconds +
    flop * rates.flopNanoseconds +
    indices * rates.indexNanoseconds +
    uniforms * rates.uniformNanoseconds;
  return nanoseconds / 1e6;
}

/** The share of a vCPU that a function of this memory gets; one thread can't use more than one. */
export function cpuShare(memoryMb: number): number {
  return Math.min(1, memoryMb / MEMORY_MB_PER_VCPU);
}
