/**
 * Writes README's tables of all commands and of all fields of a spec, from the commands' list and the spec's schema. Call it
 * where one of them has changed: node scripts/run.js scripts/reference-tables.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../cli/commands.ts";
import { wholeProgram } from "../cli/program.ts";
import { runSpecJsonSchema } from "../shared/protocol/index.ts";

const README = fileURLToPath(new URL("../README.md", import.meta.url));

/** What of a JSON schema the spec's uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

interface Field {
  readonly path: string;
  readonly values: readonly string[];
  readonly fallback: string;
  readonly description: string;
  /** Kinds of the object around it that have the field; empty where all do. */
  readonly kinds: readonly string[];
}

/** One line a command, those of groups too. */
export async function commandTable(): Promise<string> {
  const { commands } = await wholeProgram();
  const rows = COMMANDS.flatMap(({ usage, summary }, i) => {
    const inner = commands[i]!.commands;
    if (inner.length === 0) return [[usage, summary]];
    return inner.map((one) => [
      [usage, one.name(), ...one.registeredArguments.map((argument) => argumentText(argument))].join(" "),
      one.description(),
    ]);
  });
  const lines = rows.map(([usage, what]) => `| \`${usage}\` | ${cell(what!)} |`);
  return ["| command | |", "| --- | --- |", ...lines].join("\n");
}

function argumentText(argument: {
  readonly required: boolean;
  readonly variadic: boolean;
  name(): string;
}): string {
  const name = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** One line a field, with the path that `--set` takes. */
export function fieldTable(): string {
  const { properties = {}, required = [] } = runSpecJsonSchema() as Schema;
  const fields = Object.entries(properties)
    .filter(([name]) => name !== "$schema")
    .flatMap(([name, schema]) => fieldsOf(name, [schema], [], required.includes(name)))
    // Kinds that have a field alike.
    .filter(({ path }, at, all) => all.findIndex((one) => one.path === path) === at);
  const lines = fields.map(({ path, values, fallback, description, kinds }) => {
    const whose = kinds.length === 0 ? "" : `Of ${kinds.map((kind) => `\`${kind}\``).join(", ")}. `;
    return `| \`${path}\` | ${cell(values.join(", "))} | ${fallback} | ${cell(whose + description)} |`;
  });
  return ["| field | values | default | |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** A field that one kind of object or several have, and the fields within it. */
function fieldsOf(
  path: string,
  schemas: readonly Schema[],
  kinds: readonly string[],
  isRequired: boolean,
): Field[] {
  const variants = schemas.flatMap(variantsOf);
  const [first] = schemas;
  const fallback =
    first?.default === undefined ? (isRequired ? "required" : "") : `\`${JSON.stringify(first.default)}\``;
  const description = schemas.map((schema) => schema.description ?? "").find((text) => text !== "") ?? "";
  const objects = variants.filter(({ properties }) => properties !== undefined);
  const byKind =
    objects.length > 0 && objects.every(({ properties }) => properties?.["kind"]?.const !== undefined);
  const own: Field = { path, values: unique(variants.map(valueText)), fallback, description, kinds };
  const within = byKind ? kindFields(path, objects) : plainFields(path, objects);
  const items = variants.flatMap(({ items: inner }) => (inner === undefined ? [] : variantsOf(inner)));
  const inItems = items.some(({ properties }) => properties !== undefined)
    ? fieldsOf(`${path}[]`, items, [], true)
    : [];
  // What is an object and nothing else is told by its fields.
  const isPlain = objects.length === variants.length && !byKind;
  const isKind = byKind && objects.length === variants.length;
  return [
    ...(isPlain || isKind ? [] : [own]),
    ...(isKind ? [kindRow(own, objects)] : []),
    ...within,
    ...inItems,
  ];
}

function kindRow(field: Field, objects: readonly Schema[]): Field {
  const kinds = unique(objects.map(({ properties }) => String(properties!["kind"]!.const)));
  return { ...field, path: `${field.path}.kind`, values: kinds.map((kind) => `\`"${kind}"\``) };
}

function kindFields(path: string, objects: readonly Schema[]): Field[] {
  const all = unique(objects.map((object) => String(object.properties!["kind"]!.const)));
  const names = unique(objects.flatMap(({ properties }) => Object.keys(properties!))).filter(
    (name) => name !== "kind",
  );
  return names.flatMap((name) => {
    const having = objects.filter(({ properties }) => properties![name] !== undefined);
    const kinds = unique(having.map(({ properties }) => String(properties!["kind"]!.const)));
    const isRequired = having.every(({ required = [] }) => required.includes(name));
    const schemas = having.map(({ properties }) => properties![name]!);
    return fieldsOf(`${path}.${name}`, schemas, kinds.length === all.length ? [] : kinds, isRequired);
  });
}

function plainFields(path: string, objects: readonly Schema[]): Field[] {
  return objects.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([name, schema]) =>
      fieldsOf(`${path}.${name}`, [schema], [], required.includes(name)),
    ),
  );
}

function variantsOf(schema: Schema): readonly Schema[] {
  return (schema.oneOf ?? schema.anyOf ?? [schema]).flatMap((one) =>
    one === schema ? [one] : variantsOf(one),
  );
}

function valueText(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  if (schema.properties !== undefined) return `{ ${Object.keys(schema.properties).join(", ")} }`;
  if (schema.type === "array")
    return `list of ${schema.items === undefined ? "values" : unique(variantsOf(schema.items).map(valueText)).join(" or ")}`;
  const type = schema.type === "string" ? "text" : (schema.type ?? "any");
  const least =
    schema.exclusiveMinimum !== undefined
      ? ` > ${schema.exclusiveMinimum}`
      : schema.minimum !== undefined && schema.minimum > Number.MIN_SAFE_INTEGER
        ? ` >= ${schema.minimum}`
        : "";
  const most =
    schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER ? ` <= ${schema.maximum}` : "";
  return `${type}${least}${most}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** The text with these tables between their marks. */
export async function withTables(text: string): Promise<string> {
  return between(between(text, "commands", await commandTable()), "fields", fieldTable());
}

function between(text: string, mark: string, table: string): string {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md: expected ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(README, await withTables(readFileSync(README, "utf8")));
