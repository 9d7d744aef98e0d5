/**
 * What a Parquet file says of itself, checked before it is believed: a few damaged bytes can speak of lists, pages and row groups of
 * any size, and the library allocates what it is told of. Parquet format: "File format", "Thrift compact protocol".
 */
import {
  type AsyncBuffer,
  type ColumnMetaData,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
} from "hyparquet";
import { damaged, ThriftReader } from "./thrift-reader.ts";

/** Values of one column in one row group: some thirty times what writers put there. Memory is that of a row group. */
export const MOST_VALUES = 2 ** 25;
/** A page, unpacked: writers make them of some megabytes. */
export const MOST_PAGE_BYTES = 2 ** 29;
const TAIL_BYTES = 8;

/**
 * The footer, read once it is known that it can be.
 * @throws MarinaError "data" where what it says is impossible; whatever the library says of it else.
 */
export async function readFooter(file: AsyncBuffer, name: string): Promise<FileMetaData> {
  await checkFooter(file, name);
  // Looking for columns of places it follows the numbers of children, back and forth for ever where one is negative.
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  checkSchema(metadata, name);
  checkRowGroups(metadata, file.byteLength, name);
  return metadata;
}

/** The lengths that lie in it. @throws MarinaError "data" where they are impossible */
export async function checkFooter(file: AsyncBuffer, name: string): Promise<void> {
  const { byteLength } = file;
  if (byteLength < TAIL_BYTES) throw damaged(name, `it has ${byteLength} bytes`);
  const tail = new DataView(await file.slice(byteLength - TAIL_BYTES, byteLength));
  const length = tail.getUint32(0, true);
  // A mark that is not there is the library's to tell: the file may be no Parquet at all.
  if (length > byteLength - TAIL_BYTES) return;
  const start = byteLength - TAIL_BYTES - length;
  new ThriftReader(new DataView(await file.slice(start, byteLength - TAIL_BYTES)), name).skipStruct();
}

/** A tree, told by the numbers of children of its elements in their order. @throws MarinaError "data" */
function checkSchema({ schema }: FileMetaData, name: string): void {
  let left = schema.length - 1;
  for (const [element, { num_children }] of schema.entries()) {
    const count: unknown = num_children ?? 0;
    // A damaged field may be of another type.
    if (typeof count !== "number" || !Number.isInteger(count) || count < 0 || count > left)
      throw damaged(name, `schema element ${element + 1}: children: expected 0 to ${left}, got ${count}`);
    left -= count;
  }
}

/** Row groups and column chunks: within the file, and of a size that can be held. @throws MarinaError "data" */
export function checkRowGroups({ row_groups }: FileMetaData, byteLength: number, name: string): void {
  for (const [group, { num_rows, columns }] of (row_groups ?? []).entries()) {
    const where = `row group ${group + 1}`;
    checkCount(num_rows, MOST_VALUES, `${where}: rows`, name);
    for (const { meta_data: chunk } of columns ?? []) {
      if (chunk === undefined) continue;
      const column = chunkName(group, chunk);
      checkCount(chunk.num_values, MOST_VALUES, `${column}: values`, name);
      checkCount(chunk.total_compressed_size, byteLength, `${column}: bytes`, name);
      const most = BigInt(byteLength) - chunk.total_compressed_size;
      checkCount(firstByteOf(chunk), Number(most), `${column}: its place`, name);
    }
  }
}

/** Where a column chunk begins: with its dictionary, where it has one. */
export function firstByteOf({
  dictionary_page_offset: dictionary,
  data_page_offset: data,
}: Pick<ColumnMetaData, "dictionary_page_offset" | "data_page_offset">): bigint {
  return dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data;
}

/** What a column chunk is called in errors. @param group from 0 */
export function chunkName(
  group: number,
  { path_in_schema: path }: Pick<ColumnMetaData, "path_in_schema">,
): string {
  return `row group ${group + 1}, column ${JSON.stringify(path.join("."))}`;
}

function checkCount(count: bigint, most: number, what: string, name: string): void {
  // A damaged field may be of another type.
  if (typeof count === "bigint" && count >= 0n && count <= BigInt(most)) return;
  throw damaged(name, `${what}: expected 0 to ${most}, got ${count}`);
}

/** The same decompressors, for pages that can be held. */
export function boundedCompressors(compressors: Compressors, name: string): Compressors {
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, decompress]) => [
      codec,
      (input: Uint8Array, outputLength: number) => {
        if (outputLength >= 0 && outputLength <= MOST_PAGE_BYTES) return decompress(input, outputLength);
        throw damaged(name, `a page of ${outputLength} bytes, expected at most ${MOST_PAGE_BYTES}`);
      },
    ]),
  );
}
