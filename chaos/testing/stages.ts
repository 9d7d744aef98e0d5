/** For tests: the data of chaos in a store, and its runs by their names. */
import { readFileSync } from "node:fs";
import { createEmbeddedService } from "../../embedded/service/service.ts";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { prepareStage, type Stage } from "../baseline.ts";
import { chaosSpecs, importChaosData } from "../specs.ts";

export async function storeWithChaosData(): Promise<ObjectStore> {
  const { objects } = createEmbeddedService({ seed: 1 }).cloud.client;
  await importChaosData(objects, readFileSync(shippedFile("mushrooms")));
  return objects;
}

/** @param objects what `storeWithChaosData` has made. */
export function stageNamed(objects: ObjectStore, name: string): Promise<Stage> {
  return prepareStage(objects, chaosSpecs().find((each) => each.name === name)!.spec, name);
}
