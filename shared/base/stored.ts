/** Values that are checked at the door: a schema, and one error that names every problem. */
import type * as z from "zod";
import { type ErrorCode, MarinaError } from "./errors.ts";
import { explain } from "./explain.ts";

/** The value as its schema has it. @throws MarinaError "spec" that lists every problem with its field path. */
export function checked<S extends z.ZodType>(schema: S, value: unknown, source: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw explain(parsed.error, schema, value, source);
  return parsed.data;
}

/** How JSON of one kind is read, from a stored object, a message, or a part of one. */
export interface Stored<T> {
  /**
   * @param source what the bytes are called in errors: their key
   * @throws MarinaError of `notJson`'s code for what is no JSON, "spec" for JSON of another kind.
   */
  decode(content: Uint8Array | string, source: string): T;
}

/** What is said of content that is no JSON. */
export interface NotJson {
  /** "corrupt" where not given. */
  readonly code?: ErrorCode;
  /** After the source's name: what was expected. */
  readonly problem: string;
}

/**
 * One kind of stored JSON: its schema, and what to say of other content.
 * @typeParam T the type of the field's names, where the schema has a wider one
 */
export function stored<T>(schema: z.ZodType, { code = "corrupt", problem }: NotJson): Stored<T> {
  return {
    decode(content, source) {
      let value: unknown;
      try {
        value = JSON.parse(typeof content === "string" ? content : new TextDecoder().decode(content));
      } catch (error) {
        throw new MarinaError(code, `${source}: ${problem}`, { cause: error });
      }
      return checked(schema, value, source) as T;
    },
  };
}
