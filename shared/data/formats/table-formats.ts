/** The readers of tables with their libraries, loaded only where a file of theirs is read. */
export const tableFormats = {
  csv: () => import("./csv-source.ts"),
  parquet: () => import("./parquet-source.ts"),
};
