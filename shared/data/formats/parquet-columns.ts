/** Which columns of a Parquet file hold numbers: one a row, or a list of them. */
import type { SchemaElement, SchemaTree } from "hyparquet";
import { MarinaError } from "../../base/index.ts";

const NUMERIC = new Set(["BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"]);
/** Annotations under which an integer is still a number. */
const INTEGER = /^U?INT_(8|16|32|64)$/;
/** How many leaves of a nested column an error shows. */
const SHOWN_LEAVES = 5;

export function isText({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return type === "BYTE_ARRAY" && (converted === "UTF8" || logical?.type === "STRING");
}

/**
 * Does the column hold a list of numbers in each row, rather than one number?
 * @param source what the file is called in errors.
 * @param listsToo false: of labels.
 * @throws MarinaError "data" for a column of anything else, with the path of what is nested in it.
 */
export function isList(column: SchemaTree, source: string, listsToo: boolean): boolean {
  const { element, children } = column;
  if (children.length === 0 && isNumber(element) && element.repetition_type !== "REPEATED") return false;
  const item = itemOf(column);
  if (listsToo && item !== undefined && item.children.length === 0 && isNumber(item.element)) return true;
  const { type, converted_type: converted, logical_type: logical, repetition_type: repetition } = element;
  const got =
    children.length > 0
      ? `a nested one of ${leavesOf(column)}`
      : [type, converted ?? logical?.type, repetition].filter(Boolean).join(" ");
  const expected = listsToo ? "numbers or booleans, or lists of them" : "numbers or booleans";
  throw new MarinaError(
    "data",
    `${source}: column ${JSON.stringify(element.name)}: expected a flat column of ${expected}, got ${got}; ` +
      (listsToo ? `leave it out (--drop '${element.name}'), or write it as numbers` : "write it as numbers"),
  );
}

function isNumber({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  const plain = converted === undefined || INTEGER.test(converted);
  return (
    type !== undefined && NUMERIC.has(type) && plain && (logical === undefined || logical.type === "INTEGER")
  );
}

/** What a list is of: `x (LIST) { repeated list { element } }`, or, as older programs write it, `x (LIST) { repeated element }`. */
function itemOf({ element, children }: SchemaTree): SchemaTree | undefined {
  if (element.converted_type !== "LIST" && element.logical_type?.type !== "LIST") return undefined;
  const [repeated, more] = children;
  if (repeated === undefined || more !== undefined || repeated.element.repetition_type !== "REPEATED") {
    return undefined;
  }
  return repeated.children.length === 0
    ? repeated
    : repeated.children.length === 1
      ? repeated.children[0]
      : undefined;
}

function leavesOf(column: SchemaTree): string {
  const leaves: string[] = [];
  const visit = ({ path, children, element }: SchemaTree): void => {
    for (const child of children) visit(child);
    if (children.length === 0) leaves.push([path.join("."), element.type].filter(Boolean).join(" "));
  };
  visit(column);
  const more = leaves.length > SHOWN_LEAVES ? `, and ${leaves.length - SHOWN_LEAVES} more` : "";
  return leaves.slice(0, SHOWN_LEAVES).join(", ") + more;
}
