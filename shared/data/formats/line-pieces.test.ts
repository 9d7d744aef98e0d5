import fc from "fast-check";
import { expect, it } from "vitest";
import { cutAtLines } from "./line-pieces.ts";

it("cuts text into whole lines that join to the text, however it comes", async () => {
  const texts = fc
    .array(fc.constantFrom("a", "bc", "\n", "\r\n", "\n\n"), { maxLength: 60 })
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 20 }),
      async (text, size, least) => {
        async function* chunks() {
          const shared = new Uint8Array(size);
          for (let at = 0; at < text.length; at += size) {
            const chunk = Buffer.from(text.slice(at, at + size));
            shared.set(chunk);
            yield shared.subarray(0, chunk.length);
            shared.fill(0); // the source may use its chunk again
          }
        }
        const pieces: string[] = [];
        for await (const piece of cutAtLines(chunks(), least)) {
          expect(piece.byteLength).toBe(piece.buffer.byteLength);
          pieces.push(Buffer.from(piece).toString());
        }
        expect(pieces.join("")).toBe(text);
        for (const piece of pieces.slice(0, -1)) {
          expect(piece.endsWith("\n")).toBe(true);
          expect(piece.length).toBeGreaterThanOrEqual(least);
        }
      },
    ),
  );
});
