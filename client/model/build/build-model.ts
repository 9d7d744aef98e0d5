/** From a user's file to a stored program, with what it takes to compute. */
import type { ObjectStore } from "../../../shared/cloud/index.ts";
import { dataForm, encodeModel, storeModel } from "../../../shared/data/index.ts";
import {
  checkWork,
  labelFormOf,
  type ModelForm,
  type NetworkWork,
  type RowProgram,
  workOf,
} from "../../../shared/problems/index.ts";
import { findManifest } from "../../find.ts";
import { traceFile } from "./trace-file.ts";

export interface BuiltModel {
  /** Names the program: what a spec's problem says, `{ "kind": "model", "program": SHA256 }`. */
  readonly sha256: string;
  readonly program: RowProgram;
  /** Its canonical JSON, which the digest is of. */
  readonly text: string;
  readonly work: NetworkWork;
}

/**
 * Runs the file on this machine and stores the program of its model.
 * @param form what a row and its label are, where the file does not say it; or the name of a data set
 * @throws MarinaError "usage", "spec" or "limit": see `traceFile`; and for a program that is too large for the functions.
 */
export async function buildModelFile(
  objects: Pick<ObjectStore, "get" | "list" | "put">,
  path: string,
  form: string | Partial<ModelForm> = {},
): Promise<BuiltModel> {
  const program = await traceFile(path, typeof form === "string" ? await formOf(objects, form) : form);
  const work = workOf(program, "float64");
  checkWork(work);
  const model = encodeModel(program);
  await storeModel(objects, model);
  return { sha256: model.sha256, program, text: new TextDecoder().decode(model.bytes), work };
}

async function formOf(objects: Pick<ObjectStore, "get" | "list">, data: string): Promise<ModelForm> {
  const { shape, labels } = dataForm(await findManifest(objects, data));
  return { row: shape, label: labelFormOf(labels) };
}
