/** The bound on a network's memory. */
import { MarinaError } from "../../base/index.ts";

const MEBIBYTE = 1024 * 1024;

/** Most memory that kernels use. */
export const MAX_KERNEL_BYTES = 1024 * MEBIBYTE;

export function tooMuchMemory(bytes: number, most: number): MarinaError {
  const mebibytes = (value: number) => `${Math.ceil(value / MEBIBYTE)} MiB`;
  return new MarinaError(
    "limit",
    `the network needs ${mebibytes(bytes)} of kernel memory, expected at most ${mebibytes(most)}; use smaller layers, or float32`,
  );
}
