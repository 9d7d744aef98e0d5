import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("import")
  .argument("<file>", "written by marina export")
  .action(async (file: string, options) => (await import("../actions/import.ts")).importRun(file, options));
