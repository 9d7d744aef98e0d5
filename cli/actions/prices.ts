/** `marina prices`: what is built in of a region's prices, as a file that `marina cost --prices` takes. */
import { MarinaError } from "../../shared/base/index.ts";
import { knownRegions, PRICES_US_EAST_1, pricesOf } from "../../shared/cost/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

export interface PricesOptions extends PrintOptions {
  readonly region?: string;
}

/** The file tells its sources, and what in it is not the region's own. @throws MarinaError "usage" */
export function prices(options: PricesOptions): void {
  const { region = PRICES_US_EAST_1.region } = options;
  const known = pricesOf(region).prices;
  if (known.region !== region)
    throw new MarinaError(
      "usage",
      `--region ${region}: no prices of it are built in (there are: ${knownRegions().join(", ")}); begin with those of ${known.region} (marina prices > prices.json) and put its own in`,
    );
  print(options, known, () => JSON.stringify(known, null, 2));
}
