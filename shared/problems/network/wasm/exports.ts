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

/** All arguments are addresses, counts or codes; see kernel.as for their order. */
export type KernelFunction = (...numbers: number[]) => void;

export type KernelFunctionName =
  | "decode"
  | "pack"
  | "packTransposed"
  | "product"
  | "addTransposedProduct"
  | "unary"
  | "affine"
  | "clip"
  | "within"
  | "binary"
  | "addChannels"
  | "multiplyChannels"
  | "addPositions"
  | "sumGroups"
  | "spreadGroups"
  | "largest"
  | "pick"
  | "place"
  | "patches"
  | "addPatches"
  | "maxPoolPick"
  | "maxPoolPlace"
  | "sumPool"
  | "sumPoolTransposed";

export type KernelExports = {
  readonly memory: KernelMemory;
  /** Where memory is free: behind the constants, a multiple of 64. */
  readonly firstAddress: () => number;
} & {
  readonly [Name in `${KernelFunctionName}${"64" | "32"}`]: KernelFunction;
};

/** A new instance, with a memory of its own. */
export function instantiateKernel(): KernelExports {
  const binary = kernelBinary(KERNEL_BASE64);
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
    .WebAssembly;
  return new Instance(new Module(binary)).exports as KernelExports;
}
