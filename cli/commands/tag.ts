import { engineCommand } from "../flags/command.ts";
import { note, tag } from "../flags/labels.ts";
import { collect } from "../flags/values.ts";

export const command = engineCommand("tag")
  .argument("<runs...>")
  .description(
    "sets tags and the note of runs, which are no part of what they are: no digest depends on them; without options prints them",
  )
  .addOption(tag())
  .option("--remove <key>", "takes the tag with this key away (repeatable)", collect)
  .addOption(note())
  .action(async (runs: string[], options) => (await import("../actions/tag.ts")).tag(runs, options));
