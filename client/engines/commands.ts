/** What the command line tells a run that is under way: a message on the run's own queue, whoever sends it. */
import { type ObjectStore, readOptional } from "../../shared/cloud/index.ts";
import {
  checkpointKey,
  decodeCheckpoint,
  decodeStoredRun,
  encodeRunMessage,
  runDigest,
  type ScaleRequest,
  specKey,
} from "../../shared/protocol/index.ts";

export type RunCommand =
  | { readonly kind: "stop"; readonly now: boolean }
  | ({ readonly kind: "scale" } & ScaleRequest);

/** The command's message body, for the generation of the run that goes on now. */
export async function commandBody(
  objects: Pick<ObjectStore, "get">,
  run: string,
  command: RunCommand,
): Promise<string> {
  const key = specKey(run);
  const digest = runDigest(decodeStoredRun((await objects.get(key)).body, key));
  const checkpoint = await readOptional(objects, checkpointKey(run), decodeCheckpoint);
  return encodeRunMessage({ ...command, runDigest: digest, generation: checkpoint?.generation ?? 0 });
}
