/** What a spec's problem is told of its data set, with the program that the spec may name. */
import type { ObjectStore } from "../cloud/index.ts";
import { type DataForm, type ProblemSpec, storedProgram } from "../problems/index.ts";
import { modelKey } from "../protocol/index.ts";
import { dataForm } from "./data-form.ts";
import type { Manifest } from "./manifest.ts";
import { readModel } from "./models.ts";

/** @throws MarinaError "usage" for a program that is not stored, "corrupt" for one that was changed. */
export async function problemForm(
  objects: Pick<ObjectStore, "get">,
  spec: ProblemSpec,
  manifest: Manifest,
): Promise<DataForm> {
  const form = dataForm(manifest);
  const program = storedProgram(spec);
  return program === undefined ? form : { ...form, program: await readModel(objects, program) };
}

/** Copies what the problem is made of from one store to another: the program that it names, if it names one. */
export async function copyProgram(
  from: Pick<ObjectStore, "get">,
  to: Pick<ObjectStore, "put">,
  spec: ProblemSpec,
): Promise<void> {
  const program = storedProgram(spec);
  if (program !== undefined) await to.put(modelKey(program), (await from.get(modelKey(program))).body);
}
