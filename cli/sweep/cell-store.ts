/** Finished cells, one file each: a sweep that is interrupted goes on where it was. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { MarinaError } from "../../shared/math/errors.ts";
import { CELL_VERSION, type CellResult } from "./cell.ts";

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
  relativeGradientNormSquared: figure.nullable(),
  uplinkBitsPerWorker: figure,
  uplinkBytesMeasured: figure,
  downlinkBytesMeasured: figure,
  seconds: figure,
  usd: figure,
  functionsUsd: figure,
  queuesUsd: figure,
  objectsUsd: figure,
  stepSize: figure,
  probability: figure,
  resentTasks: figure,
  iterateSha256: z.string(),
  wallSeconds: figure,
});

export class CellStore {
  readonly #folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  /** Undefined when the cell is not done. @throws MarinaError "corrupt" when its file is not a cell's. */
  get(digest: string): CellResult | undefined {
    const path = this.#path(digest);
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

  /** Whole or not at all. */
  put(result: CellResult): void {
    const path = this.#path(result.digest);
    writeFileSync(`${path}.tmp`, `${JSON.stringify(result, null, 2)}\n`);
    renameSync(`${path}.tmp`, path);
  }

  #path(digest: string): string {
    return join(this.#folder, `${digest}.json`);
  }
}
