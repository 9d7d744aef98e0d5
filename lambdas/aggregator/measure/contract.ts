/** What every engine's ports promise (shared/cloud/ports.ts), tried on this cloud with what this function may do. */
import { MarinaError } from "../../../shared/base/index.ts";
import type { Ports } from "../../../shared/cloud/index.ts";
import { type ContractCheck, iterateKey } from "../../../shared/protocol/index.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** One after the other; each ends as told, whatever it meets. Leaves nothing behind. */
export async function tryContract({ objects }: Ports, run: string): Promise<ContractCheck[]> {
  const key = iterateKey(run, 0, 0);
  const missing = iterateKey(run, 0, 1);
  const codeOf = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "no error",
      (error: unknown) => (error instanceof MarinaError ? error.code : String(error)),
    );
  let etag = "";
  const checks: readonly (readonly [what: string, expected: string, () => Promise<string>])[] = [
    [
      "an object that is written is read at once",
      "first",
      async () => {
        etag = await objects.put(key, bytesOf("first"));
        return textOf((await objects.get(key)).body);
      },
    ],
    [
      "its ETag is that of its writing",
      "same",
      async () => ((await objects.get(key)).etag === etag ? "same" : "another"),
    ],
    [
      "a range of it is that range",
      "irs",
      async () => textOf((await objects.get(key, { range: { start: 1, end: 4 } })).body),
    ],
    [
      "create-only does not write over it",
      "precondition-failed",
      () => codeOf(objects.put(key, bytesOf("second"), { ifNoneMatch: "*" })),
    ],
    [
      "a write on the condition of its ETag is done",
      "third",
      async () => {
        await objects.put(key, bytesOf("third"), { ifMatch: etag });
        return textOf((await objects.get(key)).body);
      },
    ],
    [
      "the same condition again is not met",
      "precondition-failed",
      () => codeOf(objects.put(key, bytesOf("fourth"), { ifMatch: etag })),
    ],
    [
      "a read on the condition of another ETag is refused",
      "precondition-failed",
      () => codeOf(objects.get(key, { ifMatch: etag })),
    ],
    ["a key that was never written is missing", "not-found", () => codeOf(objects.get(missing))],
    ["it is listed", "yes", async () => ((await objects.list(key)).includes(key) ? "yes" : "no")],
    [
      "it is gone when it is deleted",
      "not-found",
      async () => {
        await objects.delete(key);
        return codeOf(objects.get(key));
      },
    ],
    ["deleting it again is no error", "no error", () => codeOf(objects.delete(key))],
  ];
  const results: ContractCheck[] = [];
  for (const [what, expected, call] of checks) {
    const seen = await call().catch((error: unknown) => String(error));
    results.push({ what, held: seen === expected, seen });
  }
  return results;
}
