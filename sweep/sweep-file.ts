/** Reads a sweep and its base spec from files. */
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { MarinaError } from "../shared/base/index.ts";
import { parseSweep, type SweepSpec } from "./sweep-spec.ts";

export interface ReadSweep {
  readonly sweep: SweepSpec;
  /** Not yet checked: a field that is missing may come from the grid. */
  readonly base: unknown;
}

/** @throws MarinaError "spec" or "usage". */
export function readSweep(path: string): ReadSweep {
  const sweep = parseSweep(readJson(path), basename(path));
  const base = typeof sweep.base === "string" ? readJson(resolve(dirname(path), sweep.base)) : sweep.base;
  return { sweep, base };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new MarinaError("usage", `${path}: can't be read (${reason(error)})`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MarinaError("spec", `${basename(path)}: not JSON: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
