/** Opens the engine that the options name. */
import type { CommonOptions } from "../main.ts";
import { EmbeddedEngine } from "./embedded.ts";
import type { Engine } from "./engine.ts";

export function openEngine({ home }: CommonOptions): Engine {
  return new EmbeddedEngine(home);
}
