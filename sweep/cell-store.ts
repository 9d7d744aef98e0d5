/** Finished cells, two files each, figures and rounds: a sweep that is interrupted goes on where it was. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { explainDiskError, removeDrafts, replaceFile } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";
import { CELL_VERSION, type CellResult } from "./cell.ts";
import { unpackRounds } from "./cell-rounds.ts";
import { phaseSchema } from "./phase-schema.ts";

const figure = z.number();
const schema: z.ZodType<CellResult> = z.strictObject({
  version: z.literal(CELL_VERSION),
  digest: z.string(),
  status: z.string(),
  stoppedBy: z.string().nullable(),
  error: z.string().nullable(),
  reached: z.boolean(),
  rounds: figure,
  loss: figure.nullable(),
  startLoss: figure.nullable(),
  relativeGradientNormSquared: figure.nullable(),
  heldOut: z
    .strictObject({ rows: figure, loss: figure.nullable(), correct: figure.nullable() })
    .exactOptional(),
  uplinkBitsPerWorker: figure,
  uplinkBytesMeasured: figure,
  downlinkBytesMeasured: figure,
  seconds: figure,
  usd: figure,
  functionsUsd: figure,
  queuesUsd: figure,
  objectsUsd: figure,
  usdByItem: z.record(z.string(), figure).exactOptional(),
  evaluationUsd: figure,
  stepSize: figure,
  probability: figure,
  resentTasks: figure,
  iterateSha256: z.string(),
  phases: z.array(phaseSchema),
  wallSeconds: figure,
});

export class CellStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#onDisk(folder, () => {
      mkdirSync(folder, { recursive: true });
      removeDrafts(folder);
    });
  }

  /** Undefined when the cell is not done. @throws MarinaError "corrupt" when its file is not a cell's. */
  get(digest: string): CellResult | undefined {
    const path = this.#path(digest);
    if (!existsSync(this.#roundsPath(digest))) return undefined;
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      throw new MarinaError(
        "corrupt",
        `${path}: expected the result of a sweep's cell; delete the file, and the cell is run again`,
        {
          cause: error,
        },
      );
    }
  }

  /** A cell's rounds, the final iterate's row included. @throws MarinaError "corrupt" when its file holds none. */
  rounds(digest: string): RoundRecord[] {
    const path = this.#roundsPath(digest);
    return unpackRounds(readFileSync(path), path);
  }

  /** Whole or not at all. @param rounds as packRounds gives them */
  put(result: CellResult, rounds: Uint8Array): void {
    const path = this.#path(result.digest);
    this.#onDisk(path, () => {
      // The figures last: where they are, the cell is done.
      replaceFile(this.#roundsPath(result.digest), rounds);
      replaceFile(path, `${JSON.stringify(result, null, 2)}\n`);
    });
  }

  #onDisk(path: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      throw explainDiskError(path, "write", error);
    }
  }

  #path(digest: string): string {
    return join(this.#folder, `${digest}.json`);
  }

  #roundsPath(digest: string): string {
    return join(this.#folder, `${digest}.rounds.gz`);
  }
}
