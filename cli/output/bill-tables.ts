/** Bills as tables: one run's by item, several runs' by service. */
import { type TableOptions, table } from "../../client/index.ts";
import { dollars } from "../../shared/base/index.ts";
import { type NetLine, netLines, type RunBill } from "../../shared/cost/index.ts";

/** Lines by service with their sums; with the free tier what is left to pay, and shares of that. */
export function itemTable(bill: RunBill, freeTier: boolean, options: TableOptions = {}): string {
  const columns = [
    ["service", "left"],
    ["item", "left"],
    ["quantity", "right", 2],
    ["unit", "left", 3],
    ["$/unit", "right", 4],
    ["$", "right"],
    ...(freeTier
      ? ([
          ["free", "right"],
          ["to pay", "right"],
        ] as const)
      : []),
    ["share", "right", 1],
  ] as const;
  const lines = netLines(bill);
  const row = (left: readonly string[], of: readonly NetLine[]): string[] => {
    const usd = sumOf(of, (line) => line.usd);
    const freeUsd = sumOf(of, (line) => line.freeUsd);
    const net = usd - freeUsd;
    return [
      ...left,
      dollars(usd),
      ...(freeTier ? [freeUsd === 0 ? "-" : dollars(freeUsd), dollars(Math.max(0, net))] : []),
      shareText(net, bill.totalUsd),
    ];
  };
  const rows = [...Map.groupBy(lines, ({ service }) => service)].flatMap(([service, of]) => [
    ...of.map((line) =>
      row(
        [service, line.item, quantityText(line.quantity), line.unit, line.usdPerUnit.toPrecision(3)],
        [line],
      ),
    ),
    row([service, "together", "", "", ""], of),
  ]);
  return table(columns, [...rows, row(["", "total", "", "", ""], lines)], options);
}

/** One row a run, by service, and what all of them come to. */
export function runsTable(
  bills: readonly { readonly run: string; readonly bill: RunBill }[],
  options: TableOptions = {},
): string {
  const lines = bills.map(({ bill }) => netLines(bill));
  const services = [...new Set(lines.flatMap((of) => of.map(({ service }) => service)))];
  const columns = [
    ["run", "left"],
    ...services.map((service, i) => [service, "right", 2 + i] as const),
    ["$", "right"],
    ["share", "right", 1],
  ] as const;
  const totalUsd = bills.reduce((sum, { bill }) => sum + bill.totalUsd, 0);
  const row = (name: string, of: readonly NetLine[]): string[] => {
    const usd = netUsd(of);
    const byService = services.map((service) =>
      dollars(netUsd(of.filter((line) => line.service === service))),
    );
    return [name, ...byService, dollars(usd), shareText(usd, totalUsd)];
  };
  return table(
    columns,
    [...bills.map(({ run }, i) => row(run, lines[i]!)), row("together", lines.flat())],
    options,
  );
}

function netUsd(lines: readonly NetLine[]): number {
  return Math.max(
    0,
    sumOf(lines, ({ usd, freeUsd }) => usd - freeUsd),
  );
}

function sumOf(lines: readonly NetLine[], of: (line: NetLine) => number): number {
  return lines.reduce((sum, line) => sum + of(line), 0);
}

function quantityText(quantity: number): string {
  return Number.isInteger(quantity) ? quantity.toLocaleString("en-US") : quantity.toPrecision(4);
}

/** Less is what rounding leaves of a bill that is free altogether. */
const LEAST_USD = 1e-12;

/** Of what is to be paid. */
function shareText(usd: number, totalUsd: number): string {
  return totalUsd < LEAST_USD ? "-" : `${Math.max(0, (100 * usd) / totalUsd).toFixed(1)} %`;
}
