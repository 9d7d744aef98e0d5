/** What a page carries for its program to read: the data, and the charts as Vega specifications. */
import type { Chart, TableColumn } from "./charts/chart.ts";
import type { Vega } from "./compile.ts";
import type { ReportData } from "./report-data.ts";
import type { RowSource } from "./rows.ts";

export interface PageChart {
  readonly id: string;
  readonly section: string;
  readonly title: string;
  readonly caption: string;
  readonly source: RowSource;
  readonly columns: readonly TableColumn[];
  readonly key: Chart["key"];
  readonly isWide: boolean;
  readonly specs: { readonly linear: PageSpec; readonly logarithmic?: PageSpec };
}

export type PageSpec = Vega & {
  readonly height: number;
  readonly signals: readonly { readonly name: string; readonly value?: unknown }[];
};

/** What the page's program reads. */
export interface PageContent {
  readonly live: boolean;
  readonly data: ReportData;
  readonly charts: readonly PageChart[];
}
