/** Reads a sweep and its base spec from files. */
import { dirname, resolve } from "node:path";
import { readJson } from "../client/index.ts";
import { parseSweep, type SweepSpec } from "./sweep-spec.ts";

export interface ReadSweep {
  readonly sweep: SweepSpec;
  /** Not yet checked: a field that is missing may come from the grid. */
  readonly base: unknown;
}

/** @throws MarinaError "spec" or "usage". */
export function readSweep(path: string): ReadSweep {
  const { value, source } = readJson(path);
  const sweep = parseSweep(value, source);
  const base =
    typeof sweep.base === "string" ? readJson(resolve(dirname(path), sweep.base)).value : sweep.base;
  return { sweep, base };
}
