/** The flag of all commands that predict seconds and dollars. */
import { Option } from "../commander.ts";

export function latencies() {
  return new Option(
    "--latencies <file>",
    "predict with what marina measure has seen of a cloud; default: what is published of AWS",
  );
}
