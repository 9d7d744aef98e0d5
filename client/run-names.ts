/** Which runs there are: those that have their description. */
import type { ObjectStore } from "../shared/cloud/index.ts";
import { runsPrefix } from "../shared/protocol/index.ts";

const DESCRIPTION = "/spec.json";

export async function runNames(objects: Pick<ObjectStore, "list">): Promise<string[]> {
  return namesIn(await objects.list(runsPrefix));
}

/** The same from the keys of all that is stored of runs. */
export function namesIn(keys: readonly string[]): string[] {
  return keys.filter((key) => key.endsWith(DESCRIPTION)).map((key) => key.split("/")[1]!);
}
