/** The same measurement on the embedded cloud: what it will cost, and what a table of latencies makes of it. */
import { createEmbeddedService, type ServiceConfiguration } from "../../embedded/index.ts";
import { NOT_YET, waitFor } from "../../shared/base/index.ts";
import { type AccountUsage, pricesOf, priceUsd } from "../../shared/cost/index.ts";
import {
  decodeMeasurement,
  type Measurement,
  type MeasurementPlan,
  measurementKey,
} from "../../shared/protocol/index.ts";

const RUN = "measure";
const LOOK_MILLISECONDS = 100;

export interface Simulated {
  readonly measurement: Measurement;
  readonly usage: AccountUsage;
  readonly usd: number;
  readonly seconds: number;
}

export async function simulateMeasurement(
  configuration: ServiceConfiguration,
  plan: MeasurementPlan,
  {
    ramp,
    seed = 1,
  }: {
    readonly ramp?: { readonly atFirst: number; readonly perMinute: number };
    readonly seed?: number;
  } = {},
): Promise<Simulated> {
  const service = createEmbeddedService({
    seed,
    configuration,
    ...(ramp === undefined ? {} : { ramp }),
  });
  const { cloud } = service;
  await service.control({ version: 1, run: RUN, action: "measure", plan });
  const key = measurementKey(RUN);
  const measurement = await cloud.run(
    waitFor({
      look: async () =>
        cloud.exists(key) ? decodeMeasurement((await cloud.client.objects.get(key)).body, key) : NOT_YET,
      pause: () => cloud.clock.sleep(LOOK_MILLISECONDS),
    }),
  );
  const usage = cloud.usage().method;
  const { prices } = pricesOf(configuration.region ?? "us-east-1");
  return {
    measurement,
    usage,
    usd: priceUsd(usage, prices, configuration).totalUsd,
    seconds: cloud.clock.now() / 1000,
  };
}
