/**
 * Builds the WebAssembly kernels: in each of their folders, kernel.as and what it imports -> kernel-binary.ts.
 * Usage: node scripts/build-kernel.ts
 *
 * The binary is embedded as text, so that a bundle of a function's code needs no file beside it. The same source and
 * compiler give the same bytes (a test builds it again).
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

/** The compiler's interface, as far as it is used. Its own types would redefine globals such as `console`. */
interface Compiler {
  readonly version: string;
  main(
    options: readonly string[],
    host: {
      stderr: { write(chunk: Uint8Array | string): void };
      readFile(name: string): string | null;
      listFiles(): readonly string[];
      writeFile(name: string, contents: Uint8Array | string): void;
    },
  ): Promise<{ readonly error: Error | null }>;
}

const COMPILER: string = "assemblyscript/asc";
const { default: asc } = (await import(COMPILER)) as { readonly default: Compiler };

/** Of the linear problems, and of networks. */
const FOLDERS = {
  linear: new URL("../shared/problems/linear/wasm/", import.meta.url),
  network: new URL("../shared/problems/network/wasm/", import.meta.url),
};
export type KernelName = keyof typeof FOLDERS;
/** The compiler wants this ending; sources have another, so that TypeScript's tools leave them alone. */
const WANTED_ENDING = ".ts";
const ENDING = ".as";
const ENTRY = `kernel${WANTED_ENDING}`;

/** Files that a kernel is made of, kernel.as and what it imports. */
export function kernelSources(name: KernelName): readonly string[] {
  return readdirSync(FOLDERS[name]).filter((file) => file.endsWith(ENDING));
}

/** The compiled kernel. @throws Error with the compiler's messages. */
export async function buildKernel(name: KernelName): Promise<Uint8Array> {
  const folder = FOLDERS[name];
  const sources = new Map(
    kernelSources(name).map((file) => [
      file.slice(0, -ENDING.length) + WANTED_ENDING,
      readFileSync(new URL(file, folder), "utf8"),
    ]),
  );
  const messages: string[] = [];
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(
    [
      ENTRY,
      "-O3",
      "--noAssert",
      "--converge",
      "--runtime",
      "stub",
      "--enable",
      "simd",
      "--outFile",
      "kernel.wasm",
    ],
    {
      stderr: { write: (chunk) => void messages.push(String(chunk)) },
      readFile: (file) => sources.get(file) ?? null,
      listFiles: () => [],
      writeFile: (_name, contents) => {
        if (contents instanceof Uint8Array) binary = contents;
      },
    },
  );
  if (error !== null || binary === undefined) {
    throw new Error(`${fileURLToPath(folder)} does not compile:\n${messages.join("")}`, { cause: error });
  }
  return binary;
}

/** The TypeScript file that embeds the binary, compressed: every byte of a function's bundle is read at every cold start. */
export function embed(binary: Uint8Array): string {
  const text = brotliCompressSync(binary).toString("base64");
  const lines = Array.from({ length: Math.ceil(text.length / 100) }, (_, i) =>
    text.slice(100 * i, 100 * (i + 1)),
  );
  return [
    "// Generated from kernel.as by scripts/build-kernel.ts; do not edit.",
    `// AssemblyScript ${asc.version}, ${binary.length} bytes, in Brotli and base64.`,
    "export const KERNEL_BASE64 =",
    ...lines.map((line, i) => `  "${line}"${i === lines.length - 1 ? ";" : " +"}`),
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(FOLDERS) as KernelName[]) {
    const target = new URL("kernel-binary.ts", FOLDERS[name]);
    const binary = await buildKernel(name);
    writeFileSync(target, embed(binary));
    console.log(`${fileURLToPath(target)}: ${binary.length} bytes`);
  }
}
