/** Decompression of what is imported, recognised by its first bytes, never by a file's name. */
import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { MarinaError } from "../../base/index.ts";
import { beginning } from "./beginning.ts";
import { type FramePiece, NoFrame, ZstdFrames } from "./zstd-frames.ts";

const GZIP_MAGIC = [0x1f, 0x8b] as const;
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
const CHUNK_BYTES = 256 * 1024;

/**
 * The chunks, decompressed if they are gzip or Zstandard (several members or frames may follow one another), else unchanged.
 * @param source what the chunks are called in errors.
 * @throws MarinaError "data" when a compressed stream is cut off or damaged. Errors of `chunks` are thrown on unchanged.
 */
export async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<Uint8Array> {
  const { head, all } = await beginning(chunks, ZSTD_MAGIC.length);
  const begins = (magic: readonly number[]) => magic.every((byte, i) => head[i] === byte);
  if (begins(GZIP_MAGIC)) {
    yield* through(createGunzip({ chunkSize: CHUNK_BYTES }), all, `${source}: the gzip stream`);
  } else if (begins(ZSTD_MAGIC)) yield* unzstd(all, `${source}: the Zstandard stream`);
  else yield* all;
}

/** @param stream what it is called in errors. */
async function* unzstd(chunks: AsyncIterable<Uint8Array>, stream: string): AsyncGenerator<Uint8Array> {
  const pieces = frames(chunks, stream);
  try {
    for (;;) {
      const first = await pieces.next();
      if (first.done) return;
      const frame = frameOf(first.value, pieces);
      if (first.value.skippable) for await (const _ of frame);
      else yield* through(createZstdDecompress({ chunkSize: CHUNK_BYTES }), frame, stream);
    }
  } finally {
    await pieces.return(undefined);
  }
}

async function* frames(chunks: AsyncIterable<Uint8Array>, stream: string): AsyncGenerator<FramePiece> {
  const cutter = new ZstdFrames();
  try {
    for await (const chunk of chunks) yield* cutter.cut(chunk);
  } catch (error) {
    throw error instanceof NoFrame ? damaged(stream, error) : error;
  }
}

/** The bytes of one frame; the pieces after it are left. */
async function* frameOf(first: FramePiece, rest: AsyncGenerator<FramePiece>): AsyncGenerator<Uint8Array> {
  for (let piece = first; ; ) {
    yield piece.bytes;
    if (piece.ends) return;
    const next = await rest.next();
    if (next.done) return;
    piece = next.value;
  }
}

async function* through(
  decoder: Transform,
  chunks: AsyncIterable<Uint8Array>,
  stream: string,
): AsyncGenerator<Uint8Array> {
  // The pipeline destroys the decoder with whatever error happens, and the loop below then throws it.
  pipeline(Readable.from(chunks), decoder, () => {});
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!/^(Z_|ZSTD_)/.test(code)) throw error;
    if (code !== "Z_BUF_ERROR") throw damaged(stream, error);
    const what = "ends too early; the file is cut off, fetch it again";
    throw new MarinaError("data", `${stream} ${what}`, { cause: error });
  }
}

function damaged(stream: string, cause: unknown): MarinaError {
  return new MarinaError("data", `${stream} is damaged; fetch the file again`, { cause });
}
