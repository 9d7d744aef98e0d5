/** `marina prices`: what is built in of a region's prices, as a file that `marina cost --prices` takes. */
import { MarinaError } from "../../shared/base/index.ts";
import { knownRegions, PRICES_US_EAST_1, pricesOf } from "../../shared/cost/index.ts";

export interface PricesOptions {
  readonly region?: string;
}

/** The file tells its sources, and what in it is not the region's own. @throws MarinaError "usage" */
export function prices({ region = PRICES_US_EAST_1.region }: PricesOptions): void {
  const known = pricesOf(region).prices;
  if (known.region !== region)
    throw new MarinaError(
      "usage",
      `--region ${region}: no prices of it are built in (there are: ${knownRegions().join(", ")}); begin with those of ${known.region} (marina prices > prices.json) and put its own in`,
    );
  console.log(JSON.stringify(known, null, 2));
}
