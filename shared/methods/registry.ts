/** From a spec and its resolved parameters to the server side of the method. */
import type { CompressorSpec } from "../compressors/index.ts";
import { diana, vrDiana } from "./diana.ts";
import { gradientDescent } from "./gradient-descent.ts";
import { marina } from "./marina.ts";
import type { AlgorithmSpec, Method, Parameters } from "./method.ts";

export function createMethod(spec: AlgorithmSpec, parameters: Parameters): Method {
  switch (spec.kind) {
    case "gd":
      return gradientDescent(parameters, false) as Method;
    case "qgd":
      return gradientDescent(parameters, true) as Method;
    case "diana":
      return diana(parameters) as Method;
    case "vr-diana":
      return vrDiana(parameters) as Method;
    case "marina":
      return marina(parameters, { kind: "marina", denseRows: "all", differenceRows: "all" }) as Method;
    case "vr-marina":
      return marina(parameters, { kind: "vr-marina", denseRows: "all", differenceRows: "batch" }) as Method;
    case "vr-marina-online":
      return marina(parameters, {
        kind: "vr-marina-online",
        denseRows: "large-batch",
        differenceRows: "batch",
      }) as Method;
    case "pp-marina":
      return marina(parameters, {
        kind: "pp-marina",
        denseRows: "all",
        differenceRows: "all",
        participants: spec.participants,
        replacement: spec.replacement,
      }) as Method;
  }
}

/** The compressor of a method; GD sends dense vectors. */
export function compressorOf(spec: AlgorithmSpec<unknown>): CompressorSpec {
  return spec.kind === "gd" ? { kind: "identity" } : spec.compressor;
}

/** True for the methods whose workers must remember a shift between rounds. */
export function keepsWorkerMemory(spec: AlgorithmSpec<unknown>): boolean {
  return spec.kind === "diana" || spec.kind === "vr-diana";
}

/** True where the server carries the workers' shifts and sends them along. */
export function carriesShifts(spec: AlgorithmSpec<unknown>): boolean {
  return (spec.kind === "diana" || spec.kind === "vr-diana") && spec.shift === "carried";
}
