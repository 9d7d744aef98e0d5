/**
 * The pages of a Parquet column chunk, walked over before the library reads them: it believes the sizes in their headers, and one
 * that leads back has it read the same page for ever.
 */
import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { chunkName, firstByteOf, MOST_PAGE_BYTES } from "./parquet-footer.ts";
import { damaged, type Fields, ThriftReader } from "./thrift-reader.ts";

/** Fields of a page's header, and of what it says of its kind of page. Parquet format, parquet.thrift: PageHeader. */
const FIELD = { unpacked: 2, packed: 3, data: 5, dictionary: 7, data2: 8 } as const;
/** The first field of each of these; of a second-version page also the bytes of its levels. */
const VALUES = 1;
const [DEFINITION_BYTES, REPETITION_BYTES] = [5, 6];

/**
 * Every header within its chunk, no page of a negative or too large size, and together as many values as the footer has promised.
 * @param columns names of the columns that are read; each of their chunks is held in memory once, for a moment.
 * @throws MarinaError "data" with row group, column and page
 */
export async function checkPages(
  file: AsyncBuffer,
  { row_groups }: FileMetaData,
  columns: ReadonlySet<string>,
  name: string,
): Promise<void> {
  for (const [group, { columns: chunks }] of row_groups.entries()) {
    for (const { meta_data: chunk } of chunks) {
      if (chunk === undefined || !columns.has(chunk.path_in_schema[0]!)) continue;
      const from = Number(firstByteOf(chunk));
      const bytes = await file.slice(from, from + Number(chunk.total_compressed_size));
      checkChunk(new DataView(bytes), Number(chunk.num_values), chunkName(group, chunk), name);
    }
  }
}

function checkChunk(view: DataView, promised: number, where: string, name: string): void {
  let at = 0;
  let values = 0;
  for (let page = 1; values < promised; page++) {
    const what = `${where}, page ${page}`;
    if (at >= view.byteLength)
      throw damaged(name, `${where}: expected ${promised} values, got ${values} in ${page - 1} pages`);
    const reader = new ThriftReader(view, name, at);
    const header = reader.struct();
    const packed = size(header, FIELD.packed, reader.left, `${what}: bytes`, name);
    size(header, FIELD.unpacked, MOST_PAGE_BYTES, `${what}: bytes unpacked`, name);
    const own = [FIELD.data, FIELD.data2, FIELD.dictionary].map((field) => header.get(field));
    const about = own.find((each) => each instanceof Map) as Fields | undefined;
    if (about !== undefined) {
      const most = header.has(FIELD.dictionary) ? promised : promised - values;
      const count = size(about, VALUES, most, `${what}: values`, name);
      if (!header.has(FIELD.dictionary)) values += count;
      if (header.has(FIELD.data2))
        for (const field of [DEFINITION_BYTES, REPETITION_BYTES])
          size(about, field, packed, `${what}: bytes of levels`, name);
    }
    at = reader.at + packed;
  }
}

function size(fields: Fields, field: number, most: number, what: string, name: string): number {
  const value = fields.get(field);
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  const came = value === undefined ? "none" : typeof value === "number" ? String(value) : "a structure";
  throw damaged(name, `${what}: expected 0 to ${most}, got ${came}`);
}
