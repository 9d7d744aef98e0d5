/**
 * A run in one file: a line of JSON that lists the objects (key, bytes, SHA-256), then their bytes one after the other,
 * all of it compressed with gzip.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { MarinaError } from "../shared/math/errors.ts";
import { sha256 } from "../shared/protocol/digest.ts";
import { explain } from "../shared/protocol/explain.ts";

export interface Archive {
  readonly run: string;
  /** Name of the run's data set; its objects may be left out. */
  readonly data: string;
  readonly objects: readonly { readonly key: string; readonly body: Uint8Array }[];
}

const headSchema = z.strictObject({
  format: z.literal("marina-run"),
  version: z.literal(1),
  run: z.string(),
  data: z.string(),
  objects: z.array(z.strictObject({ key: z.string(), bytes: z.int().min(0), sha256: z.string() })),
});

const NEWLINE = 10;
/** Unpacked: more than Node can hold in one piece of memory is no archive of ours. */
const LIMIT_BYTES = 4_000_000_000;

export function packArchive({ run, data, objects }: Archive): Uint8Array {
  const list = objects.map(({ key, body }) => ({ key, bytes: body.length, sha256: sha256(body) }));
  const head = JSON.stringify({ format: "marina-run", version: 1, run, data, objects: list });
  return gzipSync(Buffer.concat([Buffer.from(`${head}\n`), ...objects.map(({ body }) => body)]));
}

/** @throws MarinaError "corrupt" for bytes that are no archive or were changed. */
export function unpackArchive(file: Uint8Array, source: string): Archive {
  let bytes: Buffer;
  try {
    bytes = gunzipSync(file, { maxOutputLength: LIMIT_BYTES });
  } catch (error) {
    throw new MarinaError("corrupt", `${source}: expected a file written by marina export, got other bytes`, {
      cause: error,
    });
  }
  const end = bytes.indexOf(NEWLINE);
  let value: unknown;
  try {
    value = JSON.parse(bytes.subarray(0, Math.max(0, end)).toString());
  } catch (error) {
    throw new MarinaError(
      "corrupt",
      `${source}: expected a file written by marina export; its list of objects is no JSON`,
      {
        cause: error,
      },
    );
  }
  const parsed = headSchema.safeParse(value);
  if (!parsed.success) throw explain(parsed.error, headSchema, value, source);
  let at = end + 1;
  const objects = parsed.data.objects.map((entry) => {
    // A copy of its own: aligned, as the views into it need.
    const body = new Uint8Array(bytes.subarray(at, at + entry.bytes));
    at += entry.bytes;
    if (body.length !== entry.bytes || sha256(body) !== entry.sha256) {
      throw new MarinaError(
        "corrupt",
        `${source}: ${entry.key} was changed or cut off since the export; export the run again`,
      );
    }
    return { key: entry.key, body };
  });
  if (at !== bytes.length)
    throw new MarinaError("corrupt", `${source}: ${bytes.length - at} bytes too many at the end`);
  return { run: parsed.data.run, data: parsed.data.data, objects };
}
