/** From zod's issues to an error a person can act on: field path, what was expected, what came, the nearest name. */
import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { MarinaError } from "./errors.ts";

/** Problems listed in one error: a file that is something else altogether would fill screens. */
const PROBLEMS_SHOWN = 20;

/** All problems of a value (the first twenty and how many more) in one MarinaError of code "spec". */
export function explain(error: z.ZodError, schema: z.ZodType, value: unknown, source: string): MarinaError {
  const problems = error.issues.flatMap((issue) => describeIssue(issue as Issue, schema, value));
  const more = problems.length - PROBLEMS_SHOWN;
  const lines = more > 0 ? [...problems.slice(0, PROBLEMS_SHOWN), `and ${more} more`] : problems;
  return new MarinaError("spec", `${source}: ${lines.length === 1 ? lines[0] : `\n  ${lines.join("\n  ")}`}`);
}

type Issue = z.core.$ZodIssue;

/** zod's own messages where no option of a union fits: their schema has no reason of its own. */
const UNEXPLAINED = /^Invalid (input|discriminator value)/;

function describeIssue(issue: Issue, schema: z.ZodType, value: unknown): string[] {
  const path = pathText(issue.path);
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = knownKeys(schema, value, issue.path);
      return issue.keys.map((key) => {
        const near = known.length > 0 ? closest(key, known) : undefined;
        const hint =
          near !== undefined && distance(key, near) <= Math.max(2, Math.ceil(near.length / 3))
            ? `; did you mean "${near}"?`
            : known.length > 0
              ? `; known here: ${known.join(", ")}`
              : "";
        return `${pathText([...issue.path, key])}: unknown field${hint}`;
      });
    }
    case "invalid_union": {
      const discriminator = (issue as { discriminator?: string }).discriminator;
      if (discriminator !== undefined) {
        const kinds = discriminatorValues(schema, value, issue.path.slice(0, -1), discriminator);
        const got = at(value, [...issue.path]);
        const near = typeof got === "string" && kinds.length > 0 ? closest(got, kinds) : undefined;
        const reason = plain(issue.message);
        const hint = !UNEXPLAINED.test(reason)
          ? `: ${reason}`
          : near !== undefined && distance(String(got), near) <= 3
            ? `; did you mean "${near}"?`
            : "";
        return [
          `${path}: expected one of ${kinds.map((kind) => `"${kind}"`).join(", ")}, got ${show(got)}${hint}`,
        ];
      }
      const inside = insideOf(issue);
      if (inside !== undefined) return inside.flatMap((inner) => describeIssue(inner, schema, value));
      return [`${path}: expected ${alternatives(issue)}, got ${show(at(value, issue.path))}`];
    }
    case "invalid_key":
      return issue.issues.map(({ message }) => `${path}: ${plain(message)}`);
    default: {
      const got = at(value, issue.path);
      const message = plain(issue.message);
      if (got === undefined && issue.code === "invalid_type") return [`${path}: missing; ${message}`];
      return [issue.code === "custom" ? `${path}: ${message}` : `${path}: ${message}, got ${show(got)}`];
    }
  }
}

/**
 * The issues of the one option of a plain union that the value is of the kind of: something inside it is wrong. Undefined
 * where that can't be told.
 */
function insideOf(issue: Issue): readonly Issue[] | undefined {
  const options = (issue as { errors?: readonly (readonly Issue[])[] }).errors ?? [];
  const meant = options.filter((issues) =>
    issues.some((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys"),
  );
  if (meant.length !== 1) return undefined;
  return meant[0]!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** What a plain union allows, from the messages of its options. */
function alternatives(issue: Issue): string {
  const options = (issue as { errors?: readonly (readonly Issue[])[] }).errors ?? [];
  const texts = options.map((issues) =>
    issues.map((inner) => plain(inner.message).replace(/^expected /, "")).join(" and "),
  );
  return [...new Set(texts)].join(", or ");
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(the whole value)";
  return path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${String(part)}`))
    .join("");
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[part];
  }
  return here;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  /** Of an array. */
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
}

function definition(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** The object schemas that the value at this path may mean. */
function schemasAt(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): z.ZodType[] {
  const here = definition(schema);
  if (here.innerType !== undefined) return schemasAt(here.innerType, value, path);
  if (here.options !== undefined) {
    const { discriminator } = here;
    const chosen =
      discriminator === undefined
        ? []
        : here.options.filter((option) =>
            literals(option, discriminator).includes(at(value, [discriminator])),
          );
    const options = chosen.length > 0 ? chosen : here.options;
    if (path.length === 0 && chosen.length === 0) return [schema];
    return options.flatMap((option) => schemasAt(option, value, path));
  }
  const [head, ...rest] = path;
  if (head === undefined) return [schema];
  const next = here.element ?? here.shape?.[String(head)];
  return next === undefined ? [] : schemasAt(next, at(value, [head]), rest);
}

function literals(option: z.ZodType, field: string): readonly unknown[] {
  const literal = definition(option).shape?.[field];
  return literal === undefined ? [] : (definition(literal).values ?? []);
}

function knownKeys(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): string[] {
  const keys = schemasAt(schema, value, path).flatMap((found) => {
    const { shape, options } = definition(found);
    return shape !== undefined
      ? Object.keys(shape)
      : (options ?? []).flatMap((o) => Object.keys(definition(o).shape ?? {}));
  });
  return [...new Set(keys)].filter((key) => key !== "$schema");
}

function discriminatorValues(
  schema: z.ZodType,
  value: unknown,
  path: readonly PropertyKey[],
  field: string,
): string[] {
  return schemasAt(schema, value, path).flatMap((found) =>
    (definition(found).options ?? []).flatMap((option) => literals(option, field).map(String)),
  );
}

/** zod's message without its label and without what was received, which is shown whole instead. */
function plain(message: string): string {
  return message
    .replace(/^(Invalid input|Invalid option|Invalid string|Too small|Too big): /, "")
    .replace(/, received .*$/, "");
}
