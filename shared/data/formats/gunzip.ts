/** Decompression of what is imported, recognised by its first bytes, never by a file's name. */
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { MarinaError } from "../../base/index.ts";

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
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    // The first two bytes may come in several chunks.
    const head: Uint8Array[] = [];
    let headBytes = 0;
    while (headBytes < GZIP_MAGIC.length) {
      const next = await iterator.next();
      if (next.done) break;
      head.push(next.value);
      headBytes += next.value.length;
    }
    const magic = head.flatMap((chunk) => Array.from(chunk.subarray(0, GZIP_MAGIC.length)));
    const all = prepend(head, iterator);
    if (GZIP_MAGIC.every((byte, i) => magic[i] === byte)) yield* gunzip(all, source);
    else yield* all;
  } finally {
    await iterator.return?.();
  }
}

async function* prepend(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  for (;;) {
    const next = await rest.next();
    if (next.done) return;
    yield next.value;
  }
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
