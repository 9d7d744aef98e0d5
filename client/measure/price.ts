/** What a measurement will cost, before it begins: all of it simulated, with what is published of AWS. */
import { AWS_RAMP, type ServiceConfiguration } from "../../embedded/index.ts";
import { dollars, MarinaError, seconds } from "../../shared/base/index.ts";
import type { MeasurementPlan } from "../../shared/protocol/index.ts";
import type { Spending } from "../confirm-price.ts";
import { simulateMeasurement } from "./simulate.ts";

/** A measurement may not cost more. */
const MOST_USD = 0.1;
/** Of the predicted price: how the cloud is, is what is not known yet. */
const MARGIN = 2;

/** @throws MarinaError "usage" for one that is too dear */
export async function measurementPrice(
  configuration: ServiceConfiguration,
  plan: MeasurementPlan,
): Promise<Spending> {
  const simulated = await simulateMeasurement(configuration, plan, { ramp: AWS_RAMP });
  const usdAtMost = MARGIN * simulated.usd;
  if (usdAtMost > MOST_USD)
    throw new MarinaError(
      "usage",
      `nothing was started: a measurement may cost $${MOST_USD} at most, this one would cost up to $${dollars(usdAtMost)}; give smaller --bursts`,
    );
  const text = `about $${dollars(simulated.usd)} and at most $${dollars(usdAtMost)} for a measurement of ${seconds(simulated.seconds)}`;
  return { text, usdAtMost };
}
