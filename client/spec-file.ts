/** Reads a run's spec from a file or standard input, with `--set` changes applied. */
import { dirname } from "node:path";
import { MarinaError } from "../shared/base/index.ts";
import { parseRunSpec, type RunSpec } from "../shared/protocol/index.ts";
import { readJson } from "./json-file.ts";
import { withStartIn } from "./model/start.ts";

/**
 * @param path of a JSON file, or "-" for standard input.
 * @param changes of the form `path.to.field=value`; the value is JSON, or text where it is not.
 * @throws MarinaError "spec" or "usage".
 */
export function readSpec(path: string, changes: readonly string[]): RunSpec {
  const { source, value: written } = readJson(path, "give the path of a spec, or - for standard input");
  let value = written;
  for (const change of changes) value = withChange(value, change);
  const spec = parseRunSpec(value, changes.length > 0 ? `${source} with --set` : source);
  return withStartIn(path === "-" ? "." : dirname(path), spec);
}

/** The value with one field replaced; objects on the way are made where they are missing. */
export function withChange(value: unknown, change: string): unknown {
  const equals = change.indexOf("=");
  const path = change.slice(0, Math.max(0, equals)).split(".");
  if (equals < 1 || path.some((part) => part === "" || part === "__proto__")) {
    throw new MarinaError(
      "usage",
      `--set ${change}: expected path.to.field=value, e.g. algorithm.compressor.k=5`,
    );
  }
  return replaced(value, path, parseValue(change.slice(equals + 1)), change);
}

function replaced(value: unknown, path: readonly string[], leaf: unknown, change: string): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return leaf;
  if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
    throw new MarinaError(
      "usage",
      `--set ${change}: "${head}" would lie inside ${JSON.stringify(value)}, which is no object`,
    );
  }
  const object = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { ...object, [head]: replaced(object[head], rest, leaf, change) };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
