import { engineCommand } from "../flags/command.ts";

export const command = engineCommand("report")
  .argument(
    "[runs...]",
    "runs, or one sweep: its folder, or the results.json in it; none: one page of all runs",
  )
  .option("--out <file>", "where to write the page", "report.html")
  .option("--title <text>", "heading of the page")
  .option("--png <folder>", "also each chart as a PNG")
  .option("--svg <folder>", "also each chart as an SVG")
  .option("--csv <folder>", "also all numbers as CSV: every run, every round, every item of the bill")
  .action(async (runs: string[], options) => (await import("../actions/report.ts")).report(runs, options));
