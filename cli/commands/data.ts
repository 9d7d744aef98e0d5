import { plainCommand } from "../flags/command.ts";
import { command as deleteCommand } from "./data-delete.ts";
import { command as importCommand } from "./data-import.ts";
import { command as listCommand } from "./data-list.ts";
import { command as showCommand } from "./data-show.ts";

export const command = plainCommand("data")
  .addCommand(importCommand)
  .addCommand(listCommand)
  .addCommand(showCommand)
  .addCommand(deleteCommand);
