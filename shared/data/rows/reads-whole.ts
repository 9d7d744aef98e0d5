/** Does an environment read the whole data object, or the range of each shard? */
import { WHOLE_DENSE_OBJECT_BYTES, WHOLE_OBJECT_BYTES } from "../../protocol/index.ts";
import type { Manifest } from "../manifest.ts";

export function readsWhole({ dense, object }: Pick<Manifest, "dense" | "object">): boolean {
  return object.bytes <= (dense === undefined ? WHOLE_OBJECT_BYTES : WHOLE_DENSE_OBJECT_BYTES);
}
