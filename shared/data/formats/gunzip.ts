/** Decompression of what is imported, recognised by its first bytes, never by a file's name. */
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { MarinaError } from "../../base/index.ts";
import { beginning } from "./beginning.ts";

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * The chunks, decompressed if they are gzip (several members may follow one another), else unchanged.
 * @param source what the chunks are called in errors.
 * @throws MarinaError "data" when a gzip stream is cut off or damaged. Errors of `chunks` are thrown on unchanged.
 */
export async function* gunzipIfCompressed(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<Uint8Array> {
  const { head, all } = await beginning(chunks, GZIP_MAGIC.length);
  yield* GZIP_MAGIC.every((byte, i) => head[i] === byte) ? gunzip(all, source) : all;
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<Uint8Array> {
  const inflate = createGunzip({ chunkSize: 256 * 1024 });
  // The pipeline destroys `inflate` with whatever error happens, and the loop below then throws it.
  pipeline(Readable.from(chunks), inflate, () => {});
  try {
    for await (const chunk of inflate) yield chunk as Uint8Array;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!code.startsWith("Z_")) throw error;
    const what =
      code === "Z_BUF_ERROR"
        ? "the gzip stream ends too early; the file is cut off, fetch it again"
        : "the gzip stream is damaged; fetch the file again";
    throw new MarinaError("data", `${source}: ${what}`, { cause: error });
  }
}
