/** Flags of all commands that say something of a run. */
import { Option } from "../commander.ts";
import { collect } from "./values.ts";

export function tag() {
  return new Option("--tag <tag>", "a tag: key=value, or a word (repeatable)").argParser(collect);
}

export function note() {
  return new Option("--note <text>", "a note; empty: none any more");
}
