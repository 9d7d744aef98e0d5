/**
 * For tests: a process that writes two objects of a home again and again, `checkpoint` in sizes that rise and fall and
 * `result`, which it also removes. Every version says of itself how long it is.
 */
import { openFolder } from "../objects/disk.ts";
import { EmbeddedObjects } from "../objects/object-store.ts";

/** A body of so many bytes, which tell the number. */
export function selfDescribing(size: number): Uint8Array {
  const body = new Uint8Array(size).fill(size % 251);
  new DataView(body.buffer).setUint32(0, size);
  return body;
}

if (import.meta.main) {
  const store = new EmbeddedObjects(openFolder(process.argv[2]!));
  for (let version = 1; ; version++) {
    store.put("runs/a/checkpoint", selfDescribing(6000 + ((version * 7919) % 40_000)));
    if (version % 2 === 0) store.put("runs/a/result", selfDescribing(100 + (version % 900)));
    else store.delete("runs/a/result");
    store.flush();
    if (version === 2) process.stdout.write("writing\n");
  }
}
