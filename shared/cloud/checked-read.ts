/** Reading what was stored, checked, and read again where it can't be what was written. */
import { MarinaError } from "../base/index.ts";
import type { ByteRange, ObjectStore } from "./ports.ts";

/** Bytes change or get lost on their way now and then; what can't be read so many times in a row lies damaged in the store. */
const READS = 3;

/** An object whose bytes, each time they were read, were not what this program writes. */
export class DamagedObject extends MarinaError {
  override readonly name = "DamagedObject";
  readonly key: string;
  constructor(key: string, cause: MarinaError) {
    super(
      cause.code,
      `${cause.message} (${READS} reads of ${key} say so: it is damaged where it is stored)`,
      {
        cause,
      },
    );
    this.key = key;
  }
}

export interface CheckedObject<T> {
  readonly value: T;
  readonly etag: string;
}

/**
 * Gets an object and decodes it; reads it again when the bytes can't be decoded.
 * @param decode throws a MarinaError for bytes that were changed or cut off; called once for each read.
 * @throws DamagedObject when no read brought bytes that can be decoded; what `get` throws; MarinaError "version" for what
 *   another version of the program wrote: that is no damage.
 */
export async function readChecked<T>(
  objects: Pick<ObjectStore, "get">,
  key: string,
  decode: (body: Uint8Array) => T,
  options?: { readonly range?: ByteRange; readonly ifMatch?: string },
): Promise<CheckedObject<T>> {
  for (let reads = 1; ; reads++) {
    const { body, etag } = await objects.get(key, options);
    try {
      return { value: decode(body), etag };
    } catch (error) {
      if (!(error instanceof MarinaError)) throw error;
      if (reads < READS) continue;
      throw error.code === "version" ? error : new DamagedObject(key, error);
    }
  }
}
