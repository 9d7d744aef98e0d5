/** A process of its own, in which the file of a model is run, once: it sends the program, or what went wrong. */
import { pathToFileURL } from "node:url";
import { MarinaError } from "../../../shared/base/index.ts";
import { canonicalProgram, type ModelForm, traceModel } from "../../../shared/problems/index.ts";
import { readExport } from "./model-file.ts";

export interface TraceRequest {
  readonly path: string;
  /** How errors name the file. */
  readonly source: string;
  /** Where the file does not say it. */
  readonly form: Partial<ModelForm>;
}

export type TraceAnswer =
  | { readonly program: string }
  | { readonly error: string; readonly expected: boolean; readonly place?: string };

/** Line and column within the file, from a stack. */
function placeIn(error: unknown, path: string): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const lines = stack
    .split("\n")
    .filter((line) => line.includes(path) || line.includes(pathToFileURL(path).href));
  return /:(\d+:\d+)\)?$/.exec(lines[0] ?? "")?.[1];
}

async function answer({ path, source, form }: TraceRequest): Promise<TraceAnswer> {
  try {
    const { default: exported } = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    const { model, row, label } = readExport(exported, form, source);
    return { program: canonicalProgram(traceModel(model, { row, label }, source)) };
  } catch (error) {
    const expected = error instanceof MarinaError;
    const text =
      error instanceof Error ? (expected ? error.message : `${error.name}: ${error.message}`) : String(error);
    const place = placeIn(error, path);
    return { error: text, expected, ...(place === undefined ? {} : { place }) };
  }
}

process.once("message", (request) => {
  void answer(request as TraceRequest).then((result) => process.send!(result, () => process.exit(0)));
});
