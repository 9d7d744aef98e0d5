/** Counts the cells of a table that hold nothing. */
import { MarinaError } from "../../base/index.ts";

/** What becomes of rows with missing cells; "mean": such features come as NaN, to be filled in later. */
export type MissingCells = "refuse" | "drop-rows" | "mean";

const SHOWN_COLUMNS = 10;

export class MissingCounter {
  readonly #byColumn = new Map<string, number>();
  #rows = 0;
  #first: { readonly where: string; readonly column: string; readonly got: string } | undefined;

  /** @param where line or row, as an error says it. */
  cell(column: string, where: string, got: string): void {
    this.#first ??= { where, column, got };
    this.#byColumn.set(column, (this.#byColumn.get(column) ?? 0) + 1);
  }

  /** Once for each row that misses something. */
  row(): void {
    this.#rows++;
  }

  /** Rows that miss something. */
  get rows(): number {
    return this.#rows;
  }

  /** What is to be said of rows that were left out, or of cells that are filled in. */
  notices(missing: MissingCells): string[] {
    if (missing === "mean") {
      const cells = [...this.#byColumn.values()].reduce((sum, n) => sum + n, 0);
      if (cells === 0) return [];
      const what =
        cells === 1
          ? "missing cell with the mean of its column"
          : "missing cells with means of their columns";
      return [`filled ${cells} ${what} (by column: ${this.#counts})`];
    }
    return this.#rows === 0
      ? []
      : [
          `left out ${this.#rows} ${this.#rows === 1 ? "row" : "rows"} with missing cells (by column: ${this.#counts})`,
        ];
  }

  /** The columns and how many cells each misses, the emptiest first. */
  get #counts(): string {
    const counts = [...this.#byColumn].sort(([, a], [, b]) => b - a);
    const shown = counts.slice(0, SHOWN_COLUMNS).map(([column, n]) => `${JSON.stringify(column)} ${n}`);
    const more = counts.length > SHOWN_COLUMNS ? `, and ${counts.length - SHOWN_COLUMNS} more columns` : "";
    return shown.join(", ") + more;
  }

  /** Of a label, which no mean stands in for. */
  labelError(source: string, where: string, column: string): MarinaError {
    return new MarinaError(
      "data",
      `${source}: ${where}, column ${JSON.stringify(column)}: the label is missing, and --missing mean fills features only; leave such rows out (--missing drop-rows)`,
    );
  }

  /** @param rows of the table. */
  error(source: string, rows: number): MarinaError {
    const { where, column, got } = this.#first!;
    return new MarinaError(
      "data",
      `${source}: ${where}, column ${JSON.stringify(column)}: expected a finite number, got ${got}; ` +
        `${this.#rows} of ${rows} rows miss something (cells by column: ${this.#counts}); ` +
        "leave these rows out (--missing drop-rows) or those columns (--drop), or fill them with the means (--missing mean)",
    );
  }
}
