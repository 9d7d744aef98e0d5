/** The bound on a network's memory. */
import { MarinaError } from "../../math/errors.ts";

/** Most memory that kernels use. */
export const MAX_KERNEL_BYTES = 2 ** 30;

export function tooMuchMemory(bytes: number, most: number): MarinaError {
  const mebibytes = (value: number) => `${Math.ceil(value / 2 ** 20)} MiB`;
  return new MarinaError(
    "limit",
    `the network needs ${mebibytes(bytes)} of kernel memory, expected at most ${mebibytes(most)}; use smaller layers, or float32`,
  );
}
