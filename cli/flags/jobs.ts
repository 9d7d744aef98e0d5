/** `--jobs`, of `sweep` and `tune`. */
import { Option } from "../commander.ts";
import { positiveInteger } from "./values.ts";

export function jobs() {
  return new Option(
    "--jobs <n>",
    "runs at one time; default: as many as there are cores, on a stack one",
  ).argParser(positiveInteger);
}
