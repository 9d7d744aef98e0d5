/** Parameters as CSV: a line a number, with the name of its tensor and its row-major place in it; or numbers alone. */
import { parse } from "csv-parse/sync";
import { csv, MarinaError } from "../../../shared/base/index.ts";
import type { ReadParameters, Tensor } from "./tensor.ts";

/** @param features of the one tensor */
export function encodeCsv(tensors: readonly Tensor[], features: readonly string[] | undefined): Uint8Array {
  const header = ["parameter", "index", ...(features === undefined ? [] : ["feature"]), "value"];
  const rows = tensors.flatMap(({ name, values }) =>
    Array.from(values, (value, i) => [
      name,
      i,
      ...(features === undefined ? [] : [features[i] ?? ""]),
      Object.is(value, -0) ? "-0" : value,
    ]),
  );
  return new TextEncoder().encode(csv(header, rows));
}

const NUMBER = /^\s*(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Infinity|NaN)\s*$/;

/** @throws MarinaError "data" with the line. */
export function decodeCsv(bytes: Uint8Array, source: string): ReadParameters {
  const lines = linesOf(bytes, source);
  const [first] = lines;
  if (first === undefined) throw new MarinaError("data", `${source}: expected numbers, got an empty file`);
  if (first.cells.length === 1 && NUMBER.test(first.cells[0]!)) {
    const values = Float64Array.from(lines, ({ cells, line }) => {
      if (cells.length === 1) return numberOf(cells[0]!, line, source);
      throw new MarinaError(
        "data",
        `${source}: line ${line}: expected one number, got ${cells.length} cells`,
      );
    });
    return { kind: "array", shape: [values.length], values };
  }
  return namedOf(first.cells, lines.slice(1), source);
}

interface Line {
  readonly cells: readonly string[];
  readonly line: number;
}

function linesOf(bytes: Uint8Array, source: string): Line[] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const records = parse(text, {
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as {
      readonly record: string[];
      readonly info: { readonly lines: number };
    }[];
    return records.map(({ record, info }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new MarinaError("data", `${source}: not CSV: ${what}`, { cause: error });
  }
}

function namedOf(header: readonly string[], lines: readonly Line[], source: string): ReadParameters {
  const columns = ["parameter", "index", "value"].map((name) => header.indexOf(name));
  const [parameter, index, value] = columns as [number, number, number];
  if (columns.includes(-1)) {
    throw new MarinaError(
      "data",
      `${source}: expected the columns parameter, index and value (as marina parameters writes them), or one number a line; got ${JSON.stringify(header.join(","))}`,
    );
  }
  const feature = header.indexOf("feature");
  const tensors = new Map<string, number[]>();
  const features: string[] = [];
  for (const { cells, line } of lines) {
    if (cells.length !== header.length) {
      throw new MarinaError(
        "data",
        `${source}: line ${line}: expected ${header.length} cells, got ${cells.length}`,
      );
    }
    const name = cells[parameter]!;
    const values = tensors.get(name) ?? [];
    tensors.set(name, values);
    if (cells[index] !== String(values.length)) {
      throw new MarinaError(
        "data",
        `${source}: line ${line}: expected index ${values.length} of parameter ${JSON.stringify(name)}, got ${JSON.stringify(cells[index])}`,
      );
    }
    values.push(numberOf(cells[value]!, line, source));
    if (feature >= 0) features.push(cells[feature]!);
  }
  return {
    kind: "named",
    tensors: Array.from(tensors, ([name, values]) => ({ name, values: Float64Array.from(values) })),
    ...(feature >= 0 && tensors.size === 1 ? { features } : {}),
  };
}

function numberOf(text: string, line: number, source: string): number {
  if (NUMBER.test(text)) return Number(text);
  throw new MarinaError(
    "data",
    `${source}: line ${line}: expected a number, got ${JSON.stringify(text.slice(0, 60))}`,
  );
}
