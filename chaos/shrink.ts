/** From a failing trial to few faults that still fail: delta debugging over kinds first, then over single faults. */
import { type FaultName, kindOf } from "../embedded/index.ts";

/** Trials that shrinking may take. */
const TRIALS = 300;

/**
 * @param faults that fail together.
 * @param fails replays with only these faults.
 * @returns a subset that fails, from which no single fault can be left out (or what was reached within the bound).
 */
export async function shrink(
  faults: readonly FaultName[],
  fails: (only: ReadonlySet<string>) => Promise<boolean>,
): Promise<readonly FaultName[]> {
  let trials = 0;
  let kept = faults;
  const without = async (some: ReadonlySet<FaultName>): Promise<boolean> => {
    const rest = kept.filter((fault) => !some.has(fault));
    if (rest.length === kept.length || trials++ >= TRIALS || !(await fails(new Set(rest)))) return false;
    kept = rest;
    return true;
  };
  for (const kind of new Set(faults.map(kindOf))) {
    await without(new Set(kept.filter((fault) => kindOf(fault) === kind)));
  }
  // Halves, quarters, ... single faults, until no single one can go.
  let size = Math.ceil(kept.length / 2);
  while (size >= 1 && kept.length > 0 && trials < TRIALS) {
    let smaller = false;
    for (let first = 0; first < kept.length; ) {
      if (await without(new Set(kept.slice(first, first + size)))) smaller = true;
      else first += size;
    }
    if (size === 1 && !smaller) break;
    if (size > 1) size = Math.ceil(size / 2);
  }
  return kept;
}
