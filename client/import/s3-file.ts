/** Objects of S3 as files to import. */
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectFile, ObjectFiles } from "../../shared/cloud/aws/index.ts";
import { HEAD_BYTES, type InputFile } from "./input-file.ts";

/** A request asks for so many bytes; the next one is under way while they are parsed. */
const PIECE_BYTES = 8 * 1024 * 1024;

export interface S3Address {
  readonly bucket: string;
  readonly key: string;
}

/** Undefined where it is no s3:// address. @throws MarinaError "usage" for one without bucket or key. */
export function s3Address(path: string): S3Address | undefined {
  if (!/^s3:\/\//i.test(path)) return undefined;
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(path)!;
  if (bucket !== "" && key !== "") return { bucket, key };
  throw new MarinaError("usage", `${path}: expected s3://BUCKET/KEY, or s3://BUCKET/FOLDER/`);
}

/** @param name what it is called in errors and in the manifest. */
export async function s3File(
  { bucket, key }: S3Address,
  name: string,
  files: ObjectFiles,
): Promise<InputFile> {
  const file = await files.open(bucket, key);
  const { bytes } = file;
  const head = bytes === 0 ? new Uint8Array(0) : await file.read(0, Math.min(bytes, HEAD_BYTES));
  return {
    name,
    bytes,
    head,
    stream: () => pieces(file),
    anywhere: async () => ({
      byteLength: bytes,
      slice: async (start: number, end = bytes) => {
        const body = start < end ? await file.read(start, end) : new Uint8Array(0);
        return new Uint8Array(body).buffer;
      },
    }),
  };
}

/** @returns keys of the files in it. @throws MarinaError "usage" for a folder within it, and for an empty one. */
export async function s3Folder(
  { bucket, key }: S3Address,
  files: ObjectFiles,
): Promise<readonly S3Address[]> {
  const names = (await files.list(bucket, key))
    .map((found) => found.slice(key.length))
    .filter((name) => name !== "" && !/^[._]/.test(name));
  const folder = `s3://${bucket}/${key}`;
  const inner = names.find((name) => name.includes("/"));
  if (inner !== undefined) {
    throw new MarinaError(
      "usage",
      `${folder}: expected files in it, got the folder ${inner.split("/")[0]}; import that one`,
    );
  }
  if (names.length === 0) throw new MarinaError("usage", `${folder}: expected files in it, got none`);
  return names.map((name) => ({ bucket, key: key + name }));
}

async function* pieces(file: ObjectFile): AsyncGenerator<Uint8Array> {
  const read = (start: number): Promise<Uint8Array> | undefined => {
    if (start >= file.bytes) return undefined;
    const piece = file.read(start, Math.min(file.bytes, start + PIECE_BYTES));
    // Whoever waits for it gets the error; until then it is not unhandled.
    piece.catch(() => {});
    return piece;
  };
  let next = read(0);
  for (let at = 0; next !== undefined; at += PIECE_BYTES) {
    const piece = await next;
    next = read(at + PIECE_BYTES);
    yield piece;
  }
}
