/** From Vega-Lite to Vega, which is what pages and pictures run. */
import { compile } from "vega-lite";
export function toVega(spec) {
  // Warnings of the compiler are about taste (a legend left out, axes shared); errors are thrown.
  const silent = {
    level: () => silent,
    error: () => silent,
    warn: () => silent,
    info: () => silent,
    debug: () => silent,
  };
  const { background: _white, ...vega } = compile(spec, {
    logger: silent,
  }).spec;
  // The background is the theme's.
  return vega;
}
