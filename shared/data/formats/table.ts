/** The columns of a table that is being read, and what is to be said of them at its end. */
import { type ColumnPlan, columnName } from "./columns.ts";
import { RowNumbers } from "./row-numbers.ts";

export interface NumberedColumn {
  readonly column: number;
  readonly numbers: RowNumbers;
}

export class Table {
  readonly names: readonly string[];
  readonly label: number;
  readonly features: readonly number[];
  /** The saved index: left out. */
  readonly index: readonly NumberedColumn[];
  /** The first feature, which might number the rows under a name of its own. */
  readonly lead: NumberedColumn;

  /** @param continued not the first file of an import: row numbers may go on from the one before. */
  constructor(names: readonly string[], { label, features, index }: ColumnPlan, continued = false) {
    this.names = names;
    this.label = label;
    this.features = features;
    this.index = index.map((column) => ({ column, numbers: new RowNumbers(continued) }));
    this.lead = { column: features[0]!, numbers: new RowNumbers(continued) };
  }

  notices(): string[] {
    const left = this.index.map(({ column }) => columnName(this.names[column]!));
    const lead = this.names[this.lead.column]!;
    return [
      ...(left.length > 0
        ? [`left out ${left.join(" and ")}: the index that a data frame was saved with`]
        : []),
      ...(this.lead.numbers.telling
        ? [
            `column ${JSON.stringify(lead)} numbers the rows and is a feature; to leave it out, give --drop '${lead}'`,
          ]
        : []),
    ];
  }
}
