/** Text in pieces that end where lines do. */

const LF = 10;
/** A piece without a line's end grows no further than this: whoever parses it refuses so long a line. */
const LONGEST_PIECE_BYTES = 65 * 1024 * 1024;

/**
 * Pieces of at least `bytes` (the last one may be shorter), each the owner of its buffer, and each ending with a line feed
 * but perhaps the last.
 */
export async function* cutAtLines(
  text: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of text) {
    const cut = chunk.lastIndexOf(LF) + 1;
    const enough = heldBytes + cut >= bytes;
    if ((cut === 0 || !enough) && heldBytes + chunk.length < LONGEST_PIECE_BYTES) {
      // A copy: the reader may use its chunk again.
      held.push(chunk.slice());
      heldBytes += chunk.length;
      continue;
    }
    const end = cut === 0 ? chunk.length : cut;
    yield join([...held, chunk.subarray(0, end)], heldBytes + end);
    held = end === chunk.length ? [] : [chunk.slice(end)];
    heldBytes = chunk.length - end;
  }
  if (heldBytes > 0) yield join(held, heldBytes);
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
