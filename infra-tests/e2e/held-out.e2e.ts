/** Images that workers read by ranges, and held-out ones: the bits of the embedded cloud. */
import { beforeAll, expect, inject, test } from "vitest";
import { parseManifest } from "../../shared/data/manifest.ts";
import { manifestKey } from "../../shared/protocol/keys.ts";
import { WHOLE_DENSE_OBJECT_BYTES } from "../../shared/protocol/limits.ts";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import { importImages } from "./testing/data.ts";
import { embeddedResult } from "./testing/reference.ts";
import { Service } from "./testing/service.ts";
import { MARINA, RUN_SECONDS, WORKERS } from "./testing/specs.ts";

const service = new Service(inject("cloud"));

beforeAll(async () => {
  await importImages(service.ports.objects, "images");
});

test("images with held-out ones: iterates, loss and right predictions are those of the embedded cloud", async () => {
  const run = parseRunSpec(
    {
      name: "images",
      data: "images",
      workers: WORKERS,
      problem: { kind: "logistic" },
      algorithm: { ...MARINA, stepSize: 0.002, probability: 0.1 },
      heldOut: { data: "images-held-out", every: 10 },
      stop: { rounds: 40 },
      evaluateEvery: 20,
    },
    "images",
  );
  const key = manifestKey("images");
  const { object } = parseManifest((await service.ports.objects.get(key)).body, key);
  expect(object.bytes).toBeGreaterThan(WHOLE_DENSE_OBJECT_BYTES);
  const expected = await embeddedResult(run, "none", importImages);
  expect(expected).toMatchObject({ status: "done", heldOut: { rows: 400 } });
  expect(expected.heldOut!.correct).toBeGreaterThan(240);
  const result = await service.ended(await service.launch(run), RUN_SECONDS);
  expect(result).toMatchObject({ status: "done", error: null, heldOut: expected.heldOut });
  expect(result.iterateSha256).toBe(expected.iterateSha256);
});
