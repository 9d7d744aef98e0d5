/** The rounds of a cell as bytes: some 45 a round, so that a sweep keeps them all. */
import { gunzipSync, gzipSync } from "node:zlib";
import { MarinaError } from "../shared/base/index.ts";
import { decodeRounds, encodeRounds, type RoundRecord } from "../shared/protocol/index.ts";

export function packRounds(records: readonly RoundRecord[]): Uint8Array {
  return gzipSync(encodeRounds(records));
}

/** @throws MarinaError "corrupt" naming the source, or "version". */
export function unpackRounds(bytes: Uint8Array, source: string): RoundRecord[] {
  try {
    return decodeRounds(gunzipSync(bytes), source);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "version") throw error;
    throw new MarinaError(
      "corrupt",
      `${source}: expected the rounds of a sweep's cell; delete the file, and the cell is run again`,
      { cause: error },
    );
  }
}
