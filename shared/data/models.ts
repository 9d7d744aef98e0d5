/** Models of one's own in the store: row programs by their digest, `models/<sha256>.json`. */
import { MarinaError } from "../base/index.ts";
import { type ObjectStore, readChecked } from "../cloud/index.ts";
import { canonicalProgram, parseProgram, type RowProgram } from "../problems/index.ts";
import { modelKey, sha256 } from "../protocol/index.ts";

export interface StoredModel {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** The text of a program, and its digest: equal programs have equal ones. */
export function encodeModel(program: RowProgram): StoredModel {
  const bytes = new TextEncoder().encode(canonicalProgram(program));
  return { sha256: sha256(bytes), bytes };
}

/**
 * A stored program, checked: that it is the one of this digest, and that it is a program.
 * @throws MarinaError "corrupt" for other bytes, "spec" for what is no program.
 */
export function decodeModel(bytes: Uint8Array, digest: string): RowProgram {
  const key = modelKey(digest);
  const found = sha256(bytes);
  if (found !== digest) {
    throw new MarinaError(
      "corrupt",
      `${key}: expected a program of this SHA-256, got one of ${found}: it was changed; build it again: marina model build`,
    );
  }
  return parseProgram(JSON.parse(new TextDecoder().decode(bytes)), key);
}

/** Stores a program; the digest is in the key, so what is there already is the same. */
export async function storeModel(
  objects: Pick<ObjectStore, "put">,
  { sha256: digest, bytes }: StoredModel,
): Promise<void> {
  try {
    await objects.put(modelKey(digest), bytes, { ifNoneMatch: "*" });
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "precondition-failed") throw error;
  }
}

/** @throws MarinaError "usage" for a digest that no program has, "corrupt" for one that was changed. */
export async function readModel(objects: Pick<ObjectStore, "get">, digest: string): Promise<RowProgram> {
  const key = modelKey(digest);
  try {
    return (await readChecked(objects, key, (body) => decodeModel(body, digest))).value;
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    throw new MarinaError(
      "usage",
      `problem.program: no model of SHA-256 ${digest} is stored; build it: marina model build FILE`,
      { cause: error },
    );
  }
}
