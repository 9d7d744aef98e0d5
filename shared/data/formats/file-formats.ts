/** The readers of files with their libraries, loaded only where a file of theirs is read. */
export const fileFormats = {
  libsvm: () => import("./libsvm-source.ts"),
  csv: () => import("./csv-source.ts"),
  parquet: () => import("./parquet-source.ts"),
  idx: () => import("./idx.ts"),
  npy: () => import("./npy.ts"),
  npyArray: () => import("./npy-array.ts"),
};
