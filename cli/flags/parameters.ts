/** Flags of the commands that look at a run's parameters. */
import { Option } from "../commander.ts";

export function at() {
  return new Option("--at <which>", "x^0, or the last iterate that is stored")
    .choices(["start", "last"])
    .default("last");
}
