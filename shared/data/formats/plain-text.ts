/** Is what shall be read text at all? What else people bring is recognised by its first bytes, and named. */
import { MarinaError } from "../../base/index.ts";
import { beginning } from "./beginning.ts";

interface Kind {
  readonly begins: readonly number[];
  /** What such a file is, and what to do with it. */
  readonly is: string;
}

const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));
const compressed = (name: string, command: string): string =>
  `compressed with ${name}; expected plain text, gzip, Zstandard or a zip file, decompress it first: ${command}`;
const utf16 = "UTF-16 text; write it as UTF-8 first: iconv -f UTF-16 -t UTF-8 FILE > NEW-FILE";

/** Those that begin alike: the longer first. */
const KINDS: readonly Kind[] = [
  // "BZh", a digit, and the first block's mark: without that it might be a column's name.
  ...ascii("123456789").map((level) => ({
    begins: [...ascii("BZh"), level, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
    is: compressed("bzip2", "bunzip2 --keep FILE"),
  })),
  {
    begins: [0x50, 0x4b, 3, 4],
    is: "a zip file, piped or in another archive; expected it as a file of its own, or unzip it first: unzip FILE",
  },
  { begins: [0x28, 0xb5, 0x2f, 0xfd], is: compressed("Zstandard twice", "unzstd --keep FILE (once)") },
  { begins: [0xfd, ...ascii("7zXZ"), 0], is: compressed("xz", "unxz --keep FILE") },
  { begins: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], is: compressed("7-Zip", "7z x FILE") },
  { begins: [0x04, 0x22, 0x4d, 0x18], is: compressed("LZ4", "unlz4 FILE") },
  { begins: [0x1f, 0x9d], is: compressed("compress", "uncompress FILE") },
  { begins: [0x1f, 0x8b], is: compressed("gzip twice", "gunzip FILE (once)") },
  { begins: [...ascii("PAR1"), 0x15], is: "a Parquet file; give --format parquet, and a file, not a stream" },
  { begins: [...ascii("ARROW1"), 0], is: "an Arrow (Feather) file; write it as Parquet or CSV" },
  { begins: [0x93, ...ascii("NUMPY")], is: "a NumPy array; write it as CSV (numpy.savetxt) or LIBSVM" },
  { begins: [0x89, ...ascii("HDF"), 0x0d], is: "an HDF5 file; write it as Parquet, CSV or LIBSVM" },
  { begins: [0xff, 0xfe], is: utf16 },
  { begins: [0xfe, 0xff], is: utf16 },
];
const UTF8_MARK: readonly number[] = [0xef, 0xbb, 0xbf];
const LOOKED_AT_BYTES = 10;

/**
 * The text without its byte order mark.
 * @param source what the text is called in errors.
 * @throws MarinaError "data" when it is not plain text, with what it is and what to do.
 */
export async function* plainText(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<Uint8Array> {
  const { head, all } = await beginning(chunks, LOOKED_AT_BYTES);
  const begins = (bytes: readonly number[]) => bytes.every((byte, at) => head[at] === byte);
  const kind = KINDS.find((known) => begins(known.begins));
  if (kind !== undefined) {
    // Begun and left, so that the stream is closed.
    for await (const _ of all) break;
    throw new MarinaError("data", `${source}: this is ${kind.is}`);
  }
  if (!begins(UTF8_MARK)) {
    yield* all;
    return;
  }
  let skip = UTF8_MARK.length;
  for await (const chunk of all) {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    if (chunk.length > skipped) yield chunk.subarray(skipped);
  }
}
