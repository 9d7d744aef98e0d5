/** Reads an object that need not be there. */

import { MarinaError } from "../base/index.ts";
import type { ObjectStore } from "./ports.ts";

/** Decoded; undefined where there is no such object. @throws what `decode` throws, and every other failure. */
export async function readOptional<T>(
  objects: Pick<ObjectStore, "get">,
  key: string,
  decode: (bytes: Uint8Array, key: string) => T,
): Promise<T | undefined> {
  let body: Uint8Array;
  try {
    ({ body } = await objects.get(key));
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    throw error;
  }
  return decode(body, key);
}
