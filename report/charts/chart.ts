/** A chart of a report: what it is called, where its numbers come from, and how it is drawn. */
import type { RowSource } from "../rows.ts";

/** A Vega-Lite specification: JSON. */
export type VegaLite = Readonly<Record<string, unknown>>;

export interface TableColumn {
  readonly field: string;
  readonly title: string;
}

export interface Chart {
  /** Also the name of its files. */
  readonly id: string;
  readonly section: string;
  readonly title: string;
  /** What one sees, for those who don't see it, and what is not obvious. */
  readonly caption: string;
  readonly source: RowSource;
  readonly columns: readonly TableColumn[];
  /** Can be drawn over a logarithmic horizontal axis too. */
  readonly hasLogarithmicX: boolean;
  /** Needs the whole width of a page: it names curves whose names are long. */
  readonly isWide?: boolean;
  /** What its own colours mean, where they are not the curves'. */
  readonly key: readonly { readonly label: string; readonly colour: string }[];
  spec(options: SpecOptions): VegaLite;
}

export interface SpecOptions {
  readonly logarithmicX: boolean;
  /** A page has one legend for all its charts and answers the pointer; a picture has its own legend and is still. */
  readonly picture: boolean;
}
