/** What the command line tells a run that is under way: a message on the run's own queue, whoever sends it. */
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { readOptional } from "../../shared/cloud/read-optional.ts";
import { decodeCheckpoint } from "../../shared/protocol/checkpoint.ts";
import { encodeIncoming, type ScaleRequest } from "../../shared/protocol/contribution.ts";
import { checkpointKey, specKey } from "../../shared/protocol/keys.ts";
import { decodeStoredRun, runDigest } from "../../shared/protocol/run.ts";

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
  return encodeIncoming({ ...command, runDigest: digest, generation: checkpoint?.generation ?? 0 });
}
