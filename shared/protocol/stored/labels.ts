/** `runs/<run>/labels.json`: what people say of a run. Beside its description, so that no digest depends on it. */
import * as z from "zod";
import { stored } from "../../base/index.ts";
import { canonicalJson } from "../digest.ts";

export interface RunLabels {
  readonly note: string | null;
  /** By key; the empty text for a tag that is a word alone. */
  readonly tags: Readonly<Record<string, string>>;
}

export const NO_LABELS: RunLabels = { note: null, tags: {} };

export const TAG_KEY_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;
/** No control characters: they would garble a terminal. */
export const TAG_VALUE_PATTERN = /^[^\p{C}]{0,256}$/u;
/** The same, but lines may end and be indented. */
export const NOTE_PATTERN = /^(?:[^\p{C}]|[\n\t]){0,4000}$/u;
export const MOST_TAGS = 64;

const storedLabels = stored<RunLabels & { readonly version: 1 }>(
  z.strictObject({
    version: z.literal(1),
    note: z.string().regex(NOTE_PATTERN).nullable(),
    tags: z
      .record(z.string().regex(TAG_KEY_PATTERN), z.string().regex(TAG_VALUE_PATTERN))
      .refine((tags) => Object.keys(tags).length <= MOST_TAGS, `expected at most ${MOST_TAGS} tags`),
  }),
  { problem: "expected a run's tags and note as JSON, got other bytes" },
);

export function encodeLabels({ note, tags }: RunLabels): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson({ version: 1, note, tags })}\n`);
}

/** @throws MarinaError "corrupt" or "spec". */
export function decodeLabels(bytes: Uint8Array, key: string): RunLabels {
  const { note, tags } = storedLabels.decode(bytes, key);
  return { note, tags };
}
