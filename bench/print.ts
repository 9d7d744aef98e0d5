/** Figures beside their stored baseline. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { table } from "../client/text/table.ts";
import type { Figure } from "./figure.ts";

const BASELINE = new URL("baseline.json", import.meta.url);
/** A ratio so much above its baseline is reported as a regression. */
const REGRESSION = 1.2;

export interface Baseline {
  /** Where the ratios were measured. */
  readonly machine: string;
  readonly ratios: Readonly<Record<string, number>>;
}

export function machine(): string {
  return `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, Node ${process.versions.node}`;
}

/** Figures that are more than a fifth worse than their baseline. */
export function regressions(figures: readonly Figure[], { ratios }: Baseline): Figure[] {
  return figures.filter(({ name, ratio }) => ratios[name] !== undefined && ratio > REGRESSION * ratios[name]);
}

/**
 * Prints the figures, and which of them got worse. The exit code stays 0: a shared machine is noisy, a regression is for
 * a reader to look at. With `--save` among the arguments the figures become the baseline.
 */
export function printFigures(figures: readonly Figure[]): void {
  const baseline = JSON.parse(readFileSync(BASELINE, "utf8")) as Baseline;
  console.log(`${machine()}; baseline: ${baseline.machine}`);
  const rows = figures.map(({ name, ratio, detail, aim }) => [
    name,
    ratio.toFixed(2),
    baseline.ratios[name]?.toFixed(2) ?? "-",
    aim,
    detail,
  ]);
  console.log(
    table(
      [
        ["what", "left"],
        ["ratio", "right"],
        ["baseline", "right"],
        ["aim", "left"],
        ["measured", "left"],
      ],
      rows,
    ),
  );
  for (const { name, ratio } of regressions(figures, baseline)) {
    console.log(`REGRESSION: ${name}: ${ratio.toFixed(2)}, baseline ${baseline.ratios[name]!.toFixed(2)}`);
  }
  if (process.argv.includes("--save")) {
    const measured = Object.fromEntries(
      figures.map(({ name, ratio }) => [name, Number(ratio.toPrecision(3))]),
    );
    const next: Baseline = { machine: machine(), ratios: { ...baseline.ratios, ...measured } };
    writeFileSync(BASELINE, `${JSON.stringify(next, null, 2)}\n`);
  }
}
