/** `rounds.parquet`: every round of every cell of a sweep, for reports and for whoever analyses them elsewhere. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { replacingFile } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";
import type { FinishedCell } from "./summary.ts";

const NAME = "rounds.parquet";
/** Tells whose rounds these are: the digest that results.json names. */
const CELL = "cell";

const TYPES: Readonly<
  Record<Exclude<keyof RoundRecord, "heldOut" | "measuredLpm">, "INT32" | "DOUBLE" | "BOOLEAN">
> = {
  round: "INT32",
  dense: "BOOLEAN",
  slots: "INT32",
  loss: "DOUBLE",
  gradientNormSquared: "DOUBLE",
  uplinkBitsPerWorker: "DOUBLE",
  uplinkBytes: "DOUBLE",
  downlinkBytes: "DOUBLE",
  seconds: "DOUBLE",
  usd: "DOUBLE",
  resent: "INT32",
  hedged: "INT32",
  dropped: "INT32",
};
const FIELDS = Object.keys(TYPES) as readonly (keyof typeof TYPES)[];

/** Columns of what is not seen in every round, nor of every run; empty where it was not looked at, absent in files of programs that could not. */
const OPTIONAL = [
  { name: "heldOutRows", type: "INT32", of: ({ heldOut }: RoundRecord) => heldOut?.rows },
  { name: "heldOutLoss", type: "DOUBLE", of: ({ heldOut }: RoundRecord) => heldOut?.loss },
  { name: "heldOutCorrect", type: "INT32", of: ({ heldOut }: RoundRecord) => heldOut?.correct },
  { name: "measuredLpm", type: "DOUBLE", of: ({ measuredLpm }: RoundRecord) => measuredLpm },
] as const;

function recordOf(row: Readonly<Record<string, unknown>>): RoundRecord {
  const { heldOutRows: rows, heldOutLoss: loss, heldOutCorrect: correct, measuredLpm, ...record } = row;
  const plain = {
    ...(record as unknown as RoundRecord),
    ...(typeof measuredLpm === "number" ? { measuredLpm } : {}),
  };
  if (typeof rows !== "number") return plain;
  return { ...plain, heldOut: { rows, loss: numberOrNull(loss), correct: numberOrNull(correct) } };
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/**
 * Writes the file into the sweep's folder, one row group a cell; cells whose rounds are not known are left out.
 * @param roundsOf asked of one cell after the other, so that no two cells' rounds are in memory at once
 */
export async function writeRounds(
  folder: string,
  finished: readonly FinishedCell[],
  roundsOf: (cell: FinishedCell) => Promise<readonly RoundRecord[]>,
): Promise<void> {
  await replacingFile(join(folder, NAME), (draft) => writeRoundsTo(draft, finished, roundsOf));
}

async function writeRoundsTo(
  path: string,
  finished: readonly FinishedCell[],
  roundsOf: (cell: FinishedCell) => Promise<readonly RoundRecord[]>,
): Promise<void> {
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: [
      { name: "root", num_children: 1 + FIELDS.length + OPTIONAL.length },
      { name: CELL, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
      ...FIELDS.map((name) => ({ name, type: TYPES[name], repetition_type: "OPTIONAL" as const })),
      ...OPTIONAL.map(({ name, type }) => ({ name, type, repetition_type: "OPTIONAL" as const })),
    ],
  });
  const seen = new Set<string>();
  for (const one of finished) {
    const { digest } = one.cell;
    if (seen.has(digest)) continue;
    seen.add(digest);
    const records = await roundsOf(one);
    if (records.length === 0) continue;
    await writer.write({
      rowGroupSize: records.length,
      columnData: [
        { name: CELL, data: records.map(() => digest) },
        ...FIELDS.map((name) => ({
          name,
          data: records.map((record) => record[name]),
          // Bytes of like weight side by side: what compresses doubles at all.
          ...(TYPES[name] === "DOUBLE" ? { encoding: "BYTE_STREAM_SPLIT" as const } : {}),
        })),
        ...OPTIONAL.map(({ name, of }) => ({ name, data: records.map((record) => of(record) ?? null) })),
      ],
    });
  }
  await writer.finish();
}

/** The rounds of a sweep's cells, read when they are asked for. */
export interface SweepRounds {
  /** Empty where the cell's rounds were not kept. */
  of(digest: string): Promise<readonly RoundRecord[]>;
}

/** @throws MarinaError "corrupt" when the file is something else. */
export async function readRounds(folder: string): Promise<SweepRounds> {
  const path = join(folder, NAME);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return { of: async () => [] };
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const known = new Set(parquetSchema(metadata).children.map(({ element }) => element.name));
    const missing = [CELL, ...FIELDS].filter((name) => !known.has(name));
    if (missing.length > 0) throw new Error(`it has no column ${missing.join(", ")}`);
    const columns = [...FIELDS, ...OPTIONAL.map(({ name }) => name).filter((name) => known.has(name))];
    const ranges = new Map<string, { readonly rowStart: number; readonly rowEnd: number }>();
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      const [first] = await parquetReadObjects({
        file,
        metadata,
        columns: [CELL],
        rowStart,
        rowEnd: rowStart + 1,
      });
      ranges.set(String(first?.[CELL]), { rowStart, rowEnd });
      rowStart = rowEnd;
    }
    return {
      async of(digest) {
        const range = ranges.get(digest);
        if (range === undefined) return [];
        const rows = await parquetReadObjects({ file, metadata, columns, ...range });
        return rows.map(recordOf);
      },
    };
  } catch (error) {
    throw new MarinaError(
      "corrupt",
      `${path}: expected the rounds that marina sweep writes, got another file (${(error as Error).message}); run the sweep again: what is done is not run twice`,
      { cause: error },
    );
  }
}
