/** JSON files that people write: specs, sweeps, prices, faults. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { MarinaError } from "../shared/base/index.ts";

const load = createRequire(import.meta.url);

export interface ReadJson {
  /** How errors name it. */
  readonly source: string;
  readonly value: unknown;
}

/**
 * @param path of the file, or "-" for standard input
 * @param advice what to give instead of a file that can't be read
 * @throws MarinaError "usage" for a file that can't be read, "spec" with line and column for one that is not JSON
 */
export function readJson(path: string, advice?: string): ReadJson {
  const source = path === "-" ? "standard input" : basename(path);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    const why = `${path}: can't be read (${error instanceof Error ? error.message : String(error)})`;
    throw new MarinaError("usage", advice === undefined ? why : `${why}; ${advice}`, { cause: error });
  }
  return { source, value: parseJson(textOf(bytes), source) };
}

/** Editors and shells on Windows put a byte order mark before the text, or write it in UTF-16: decoders drop the mark. */
function textOf(bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/** @throws MarinaError "spec" */
function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = mistakeIn(text) ?? (error instanceof Error ? error.message : String(error));
    throw new MarinaError("spec", `${source}: not JSON: ${where}`, { cause: error });
  }
}

/** What a parser with positions finds: JSON.parse leaves them out of most of its messages. */
function mistakeIn(text: string): string | undefined {
  // Only needed to explain, so only loaded then.
  const { transformSync } = load("esbuild") as typeof import("esbuild");
  try {
    transformSync(text, { loader: "json", logLevel: "silent" });
    return undefined;
  } catch (error) {
    const [first] = (error as { errors?: import("esbuild").Message[] }).errors ?? [];
    if (first?.location == null) return undefined;
    const { line, column, lineText } = first.location;
    const before = Buffer.from(lineText).subarray(0, column).toString();
    return `line ${line}, column ${before.length + 1}: ${first.text.replace(" in JSON", "")}`;
  }
}
