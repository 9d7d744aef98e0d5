/** From Vega-Lite to Vega, which is what pages and pictures run. */
import { compile } from "vega-lite";
import type { VegaLite } from "./charts/chart.ts";

/** A Vega specification: JSON. */
export type Vega = Readonly<Record<string, unknown>>;

export function toVega(spec: VegaLite): Vega {
  // Warnings of the compiler are about taste (a legend left out, axes shared); errors are thrown.
  const silent = {
    level: () => silent,
    error: () => silent,
    warn: () => silent,
    info: () => silent,
    debug: () => silent,
  };
  const { background: _white, ...vega } = compile(spec as unknown as Parameters<typeof compile>[0], {
    logger: silent as unknown as NonNullable<Parameters<typeof compile>[1]>["logger"] & object,
  }).spec as unknown as Vega;
  // The background is the theme's.
  return vega;
}
