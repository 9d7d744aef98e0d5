/** Computing on an environment's thread. */
import type { Compute, Work } from "../../shared/cloud/index.ts";
import { modelMilliseconds } from "./compute-charge.ts";
import type { Machine } from "./environment-host.ts";
import type { Services } from "./shared-services.ts";

/** The work is done at once; its time passes on the virtual clock. */
export function computePort(machine: Machine, { charge, clock }: Services): Compute {
  return {
    run: <T>(work: (result: T) => Work, compute: () => T): Promise<T> =>
      machine.promise((resolve, reject) => {
        let result: T;
        let milliseconds: number;
        try {
          if (charge.kind === "measured") {
            const from = charge.wallClock();
            result = compute();
            milliseconds = (charge.wallClock() - from) * charge.slowdown;
          } else {
            result = compute();
            milliseconds = modelMilliseconds(charge.rates, work(result));
          }
        } catch (error) {
          reject(error);
          return;
        }
        const doneAt = machine.occupyCpu(milliseconds * machine.straggler);
        clock.at(doneAt, () => machine.answer(resolve, result));
      }),
  };
}
