/** `marina model build`: a file of a user's own becomes a program in the store. */
import { buildModelFile, type EngineOptions, withEngine } from "../../client/index.ts";
import { bytes, MarinaError } from "../../shared/base/index.ts";
import type { LabelForm, Shape } from "../../shared/problems/index.ts";
import { writeFile } from "../output/new-file.ts";

interface BuildOptions extends EngineOptions {
  readonly data?: string;
  readonly row?: Shape;
  readonly label?: LabelForm;
  readonly out?: string;
  readonly json?: boolean;
}

const PARAMETERS_SHOWN = 12;

export async function buildModel(file: string, options: BuildOptions): Promise<void> {
  const { data, row, label, out, json = false } = options;
  if (data !== undefined && (row !== undefined || label !== undefined))
    throw new MarinaError(
      "usage",
      "--data and --row or --label: expected one of them, the data set or the form itself",
    );
  const form = { ...(row === undefined ? {} : { row }), ...(label === undefined ? {} : { label }) };
  const built = await withEngine(options, (engine) => buildModelFile(engine.objects, file, data ?? form));
  if (out !== undefined) await writeFile(out, [built.text]);
  const { sha256, program, work } = built;
  const problem = { kind: "model", program: sha256 };
  if (json) {
    const parameters = program.parameters.map(({ name, shape }) => ({ name, shape }));
    console.log(JSON.stringify({ sha256, problem, dimension: work.dimension, parameters, work }));
    return;
  }
  const blocks = program.parameters.map(({ name, shape, start }) => `${name} [${shape.join(", ")}] ${start}`);
  const rest = blocks.length - PARAMETERS_SHOWN;
  const labels = program.label.kind === "classes" ? `classes ${program.label.count}` : program.label.kind;
  console.log(
    [
      `model      ${sha256}`,
      `row        [${program.row.join(", ")}], label: ${labels}`,
      `parameters d = ${work.dimension.toLocaleString("en-US")}: ${blocks.slice(0, PARAMETERS_SHOWN).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`,
      `work       ${work.gradientFlop.toLocaleString("en-US")} operations a row and gradient, ${bytes(work.kernelBytes)} of kernel memory`,
      `in a spec  "problem": ${JSON.stringify(problem)}`,
    ].join("\n"),
  );
}
