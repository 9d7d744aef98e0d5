/** The one file in a zip file, or the arrays in one, as a file to import. */
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { AsyncBuffer } from "hyparquet";
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from "yauzl";
import { MarinaError } from "../../shared/base/index.ts";
import type { InputFile } from "./input-file.ts";

const CHUNK_BYTES = 1024 * 1024;
const SHOWN_NAMES = 3;
/** So many of a zip file's names are looked at. */
const MOST_NAMES = 1000;

/** @throws MarinaError "data" where there is not just one file in it, nor arrays only, or one that can't be read. */
export async function zipMember(file: InputFile, anywhere: () => Promise<AsyncBuffer>): Promise<InputFile> {
  const bytes = await anywhere();
  const zip = await readable(file.name, () =>
    fromRandomAccessReaderPromise(new BufferReader(bytes), bytes.byteLength, {
      autoClose: false,
      lazyEntries: true,
    }),
  );
  const files = await filesIn(zip, file.name);
  if (files.some((entry) => entry.isEncrypted())) {
    throw new MarinaError("data", `${file.name}: is encrypted; unzip it first`);
  }
  if (files.length > 0 && files.every(({ fileName }) => fileName.endsWith(".npy"))) {
    return arraysOf(file.name, zip, files);
  }
  const entry = onlyFile(files, file.name);
  return {
    name: file.name,
    contentName: entry.fileName,
    bytes: entry.uncompressedSize,
    head: new Uint8Array(0),
    stream: () => contents(zip, entry, file.name),
    anywhere: undefined,
  };
}

/** As numpy.savez writes them. */
function arraysOf(name: string, zip: ZipFile, files: readonly Entry[]): InputFile {
  const arrays = new Map(
    files.map((entry) => [
      entry.fileName.replace(/\.npy$/, ""),
      () => contents(zip, entry, `${name}: ${entry.fileName}`),
    ]),
  );
  return {
    name,
    bytes: files.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0),
    head: new Uint8Array(0),
    arrays,
    stream: () => contents(zip, files[0]!, name),
    anywhere: undefined,
  };
}

async function filesIn(zip: ZipFile, name: string): Promise<Entry[]> {
  const files: Entry[] = [];
  await readable(name, async () => {
    for await (const entry of zip.eachEntry()) {
      // Folders, and what a Mac puts beside the files.
      if (!/\/$|^__MACOSX\/|(^|\/)\./.test(entry.fileName)) files.push(entry);
      if (files.length === MOST_NAMES) return;
    }
  });
  return files;
}

function onlyFile(files: readonly Entry[], name: string): Entry {
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) return only;
  if (files.some(({ fileName }) => fileName === "xl/workbook.xml")) {
    throw new MarinaError("data", `${name}: is an Excel workbook; save its sheet as CSV`);
  }
  const names = files.slice(0, SHOWN_NAMES).map(({ fileName }) => fileName);
  const more = files.length > SHOWN_NAMES ? ` and ${files.length - SHOWN_NAMES} more` : "";
  const got = files.length === 0 ? "none" : `${names.join(", ")}${more}`;
  throw new MarinaError(
    "data",
    `${name}: expected one file in the zip file, got ${got}; unzip it, and import the files or their folder`,
  );
}

async function* contents(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Uint8Array> {
  let checksum = 0;
  const stream = await readable(name, () => zip.openReadStreamPromise(entry));
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      const next = await readable(name, () => chunks.next());
      if (next.done) break;
      checksum = crc32(next.value, checksum);
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
  if (checksum !== entry.crc32) {
    throw new MarinaError(
      "data",
      `${name}: the zip file is damaged (its checksum does not hold); fetch it again`,
    );
  }
}

/** What the reader throws is about the file, unless it comes from where the file is. */
async function readable<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "Z_";
    if (error instanceof MarinaError || !code.startsWith("Z_")) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new MarinaError("data", `${name}: expected a zip file, cut off or damaged? ${reason}`, {
      cause: error,
    });
  }
}

class BufferReader extends RandomAccessReader {
  readonly #bytes: AsyncBuffer;

  constructor(bytes: AsyncBuffer) {
    super();
    this.#bytes = bytes;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const bytes = this.#bytes;
    async function* pieces() {
      for (let at = start; at < end; at += CHUNK_BYTES) {
        yield new Uint8Array(await bytes.slice(at, Math.min(end, at + CHUNK_BYTES)));
      }
    }
    return Readable.from(pieces(), { objectMode: false });
  }
}
