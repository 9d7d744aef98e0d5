/** The compiled kernel: what kernel.as exports. */
import { kernelBinary } from "../../kernel-binary.ts";
import { KERNEL_BASE64 } from "./kernel-binary.ts";

/** The standard's names that are used: TypeScript's library has them only together with those of browsers. */
interface WebAssemblyApi {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  /** The buffer is another one afterwards. */
  grow(pages: number): number;
}

/**
 * A product over `count` rows. `columns` is the address of the indices, or d where the rows are dense; `from` is the point
 * or the coefficients, `to` the margins or the sums. All but `count` are addresses.
 */
export type RowProduct = (
  offsets: number,
  columns: number,
  values: number,
  from: number,
  count: number,
  to: number,
) => void;

type Point = "" | "Pair";
type IndexForm = "16" | "32" | "Dense";
type ValueForm = "ones" | "f32" | "f64";
type Products = {
  readonly [Name in `${ValueForm}${"Margins" | "Transposed"}${Point}${IndexForm}`]: RowProduct;
};

/** Margins become coefficients, in place. Returns the sum of the losses. */
type Losses = (z: number, labels: number, count: number) => number;
type LogisticLosses = (z: number, labels: number, count: number, ts: number, es: number) => void;

export interface KernelExports extends Products {
  readonly memory: KernelMemory;
  readonly nonconvexLosses: Losses;
  readonly nonconvexLossesPair: Losses;
  readonly leastSquaresLosses: Losses;
  readonly leastSquaresLossesPair: Losses;
  readonly logisticLosses: LogisticLosses;
  readonly logisticLossesPair: LogisticLosses;
}

/** A new instance, with a memory of its own that has no page yet. */
export function instantiateKernel(): KernelExports {
  const binary = kernelBinary(KERNEL_BASE64);
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
    .WebAssembly;
  return new Instance(new Module(binary)).exports as KernelExports;
}
