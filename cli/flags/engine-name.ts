/** `--on`: which cloud. */
import type { EngineOptions } from "../../client/index.ts";
import { InvalidArgumentError } from "../commander.ts";

export const ENGINES = ["embedded", "localstack", "ministack", "aws"];

/** The two local clouds speak one language: what differs is where they listen. */
export function engineNamed(name: string): EngineOptions["on"] {
  if (!ENGINES.includes(name)) throw new InvalidArgumentError(`Allowed choices are ${ENGINES.join(", ")}.`);
  return name === "ministack" ? "localstack" : (name as EngineOptions["on"]);
}
