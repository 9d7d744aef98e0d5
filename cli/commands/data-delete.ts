import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("delete")
  .argument("<names...>")
  .description("deletes data sets, for good: says what, and asks; never one that a live run uses")
  .option("--yes", "delete without asking")
  .action(async (names: string[], options) =>
    (await import("../actions/delete.ts")).deleteData(names, options),
  );
