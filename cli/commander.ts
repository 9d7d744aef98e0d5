/**
 * Commander, whose commands know the types of their flags and arguments: what a command's code is handed is checked against
 * what its flags give. The types are a package of Commander's own, and are all that is taken of it.
 */
import type * as typed from "@commander-js/extra-typings";
import * as commander from "commander";

export const { Argument, Command, Help, Option } = commander as unknown as typeof typed;
export const { CommanderError, InvalidArgumentError } = commander;
