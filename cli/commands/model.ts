import { plainCommand } from "../flags/command.ts";
import { command as buildCommand } from "./model-build.ts";

export const command = plainCommand("model").addCommand(buildCommand);
