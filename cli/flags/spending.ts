/** Flags of all commands that start runs on AWS: they say what it will cost, and ask. */
import { Option } from "../commander.ts";
import { positiveNumber } from "./values.ts";

export function maxUsd() {
  return new Option(
    "--max-usd <dollars>",
    "on aws: start nothing that is predicted to cost more, and hold a new run to it (stop.usd)",
  ).argParser(positiveNumber);
}

export function yes() {
  return new Option("--yes", "don't ask: spend on aws what is predicted, start runs that may take days");
}
