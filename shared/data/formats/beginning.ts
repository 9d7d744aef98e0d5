/** A look at the first bytes of a stream. */

/**
 * The first bytes (fewer where the stream is shorter) and the whole stream, these bytes included, to be read once. Chunks
 * may be of any sizes.
 */
export async function beginning(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncGenerator<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  while (heldBytes < bytes) {
    const next = await iterator.next();
    if (next.done) break;
    // The stream may use its chunk again.
    held.push(bytes - heldBytes > next.value.length ? next.value.slice() : next.value);
    heldBytes += next.value.length;
  }
  const head = Buffer.concat(held.map((chunk) => chunk.subarray(0, bytes))).subarray(0, bytes);
  return { head: new Uint8Array(head), all: rejoined(held, iterator) };
}

async function* rejoined(
  held: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* held;
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
