/** WebAssembly kernels are embedded in their sources as text: Brotli, then base64. See scripts/build-kernel.ts. */
import { brotliDecompressSync } from "node:zlib";

export function kernelBinary(text: string): Uint8Array {
  return brotliDecompressSync(Buffer.from(text, "base64"));
}
