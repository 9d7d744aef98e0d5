/** `marina model build`: a file of a user's own becomes a program in the store. */
import { type BuiltModel, buildModelFile, type EngineOptions, withEngine } from "../../client/index.ts";
import { bytes, MarinaError } from "../../shared/base/index.ts";
import type { LabelForm, Shape } from "../../shared/problems/index.ts";
import { writeFile } from "../output/new-file.ts";
import { type PrintOptions, print } from "../output/print.ts";

interface BuildOptions extends EngineOptions, PrintOptions {
  readonly data?: string;
  readonly row?: Shape;
  readonly label?: LabelForm;
  readonly out?: string;
}

const PARAMETERS_SHOWN = 12;

export async function buildModel(file: string, options: BuildOptions): Promise<void> {
  const { data, row, label, out } = options;
  if (data !== undefined && (row !== undefined || label !== undefined))
    throw new MarinaError(
      "usage",
      "--data and --row or --label: expected one of them, the data set or the form itself",
    );
  const form = { ...(row === undefined ? {} : { row }), ...(label === undefined ? {} : { label }) };
  const built = await withEngine(options, (engine) => buildModelFile(engine.objects, file, data ?? form));
  if (out !== undefined) await writeFile(out, [built.text]);
  const { sha256, program, work } = built;
  const problem = problemOf(sha256);
  const parameters = program.parameters.map(({ name, shape }) => ({ name, shape }));
  print(options, { sha256, problem, dimension: work.dimension, parameters, work }, () => textOf(built));
}

/** For people, with what goes into a spec. */
function textOf({ sha256, program, work }: BuiltModel): string {
  const blocks = program.parameters.map(({ name, shape, start }) => `${name} [${shape.join(", ")}] ${start}`);
  const rest = blocks.length - PARAMETERS_SHOWN;
  const labels = program.label.kind === "classes" ? `classes ${program.label.count}` : program.label.kind;
  return [
    `model      ${sha256}`,
    `row        [${program.row.join(", ")}], label: ${labels}`,
    `parameters d = ${work.dimension.toLocaleString("en-US")}: ${blocks.slice(0, PARAMETERS_SHOWN).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`,
    `work       ${work.gradientFlop.toLocaleString("en-US")} operations a row and gradient, ${bytes(work.kernelBytes)} of kernel memory`,
    `in a spec  "problem": ${JSON.stringify(problemOf(sha256))}`,
  ].join("\n");
}

const problemOf = (program: string) => ({ kind: "model", program }) as const;
