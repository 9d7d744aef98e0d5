/** The data sets that the project ships: path in the repository by the SHA-256 of their decompressed contents, so that a copy under another name is known as well. */
export const shippedData: ReadonlyMap<string, string> = new Map([
  ["9652c84979a1fc04843af121eb623e72e669e97ce4b36c597ca4f3935b228d84", "experiments/data/mushrooms.gz"],
  ["0934cce020907e80e8ac2b030d5849793a1d5993ef1765df76a4157c141db13a", "experiments/data/a9a.gz"],
  ["6a9fa8fd5f524303240a5db07d4b3d4a51e8b7b4b20a914105d8e3e8c81640f2", "experiments/data/w8a.gz"],
  ["6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8", "experiments/data/digits.csv.gz"],
]);
