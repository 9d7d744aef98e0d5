import { commandGroup } from "../flags/command.ts";
import { command as buildCommand } from "./model-build.ts";

export const command = commandGroup("model").addCommand(buildCommand);
