/**
 * Rounds and megabits to |grad f(x^k)|^2 <= 1e-3 |grad f(0)|^2: mushrooms, n = 5 contiguous shards, non-convex binary
 * loss, x^0 = 0, RandK with shared seed. Quartiles over 20 runs of an independent float64 implementation.
 */
import type { AlgorithmSpec } from "../shared/methods/registry.ts";

/** Lower quartile, median, upper quartile. */
type Quartiles = readonly [number, number, number];

export interface Reference {
  readonly label: string;
  readonly algorithm: AlgorithmSpec;
  readonly rounds: Quartiles;
  readonly megabits: Quartiles;
  /** E: hits are multiples of it. */
  readonly evaluateEvery: number;
  /** Nothing is random; the share of its rounds by which it may differ nonetheless (ties that rounding breaks). */
  readonly deterministic?: { readonly within: number };
  /** Takes more than half a minute a seed. */
  readonly slow?: boolean;
}

const theory = { probability: "theory", stepSize: "theory" } as const;
const randK = (k: number) => ({ compressor: { kind: "rand-k", k } }) as const;
const batch = { batchSize: 17, replacement: true } as const;

function marina(k: number, rounds: Quartiles, megabits: Quartiles): Reference {
  const algorithm = { kind: "marina", ...randK(k), ...theory } as const;
  return { label: `MARINA, K = ${k}`, algorithm, rounds, megabits, evaluateEvery: 1 };
}

function ppMarina(k: number, rounds: Quartiles, megabits: Quartiles): Reference {
  const algorithm = {
    kind: "pp-marina",
    ...randK(k),
    participants: 2,
    replacement: true,
    ...theory,
  } as const;
  return { label: `PP-MARINA, r = 2, K = ${k}`, algorithm, rounds, megabits, evaluateEvery: 1, slow: k < 10 };
}

function vrMarina(k: number, rounds: Quartiles, megabits: Quartiles): Reference {
  const algorithm = { kind: "vr-marina", ...randK(k), ...batch, ...theory } as const;
  return {
    label: `VR-MARINA, b = 17, K = ${k}`,
    algorithm,
    rounds,
    megabits,
    evaluateEvery: 10,
    slow: k < 10,
  };
}

function qgd(k: number, rounds: Quartiles, megabits: Quartiles): Reference {
  const algorithm = { kind: "qgd", ...randK(k), stepSize: "practical" } as const;
  return { label: `QGD practical, K = ${k}`, algorithm, rounds, megabits, evaluateEvery: 1, slow: k < 10 };
}

function diana(
  k: number,
  stepSize: "theory" | "published",
  rounds: Quartiles,
  megabits: Quartiles,
): Reference {
  const algorithm = { kind: "diana", ...randK(k), stepSize } as const;
  const name = stepSize === "theory" ? "tight" : "Theorem 4";
  const slow = stepSize === "published" || k < 10;
  return { label: `DIANA ${name}, K = ${k}`, algorithm, rounds, megabits, evaluateEvery: 1, slow };
}

function vrDiana(k: number, rounds: Quartiles, megabits: Quartiles): Reference {
  const algorithm = { kind: "vr-diana", ...randK(k), ...batch, ...theory } as const;
  return { label: `VR-DIANA, b = 17, K = ${k}`, algorithm, rounds, megabits, evaluateEvery: 100, slow: true };
}

function ef21(k: number, rounds: number, megabits: number): Reference {
  return {
    label: `EF21, Top-K, K = ${k}`,
    algorithm: { kind: "ef21", compressor: { kind: "top-k", k }, stepSize: "theory" },
    rounds: [rounds, rounds, rounds],
    megabits: [megabits, megabits, megabits],
    evaluateEvery: 1,
    deterministic: { within: 0.005 },
    slow: k < 10,
  };
}

function dasha(k: number, rounds: Quartiles, megabits: Quartiles): Reference {
  const algorithm = { kind: "dasha", ...randK(k), stepSize: "theory" } as const;
  return { label: `DASHA, K = ${k}`, algorithm, rounds, megabits, evaluateEvery: 1, slow: k < 10 };
}

export const references: readonly Reference[] = [
  {
    label: "GD, step 1/L",
    // L of the exact constants; the theory's own step for GD is 1/L_f.
    algorithm: { kind: "gd", stepSize: 0.5285823643 },
    rounds: [229, 229, 229],
    megabits: [0.820736, 0.820736, 0.820736],
    evaluateEvery: 1,
    deterministic: { within: 0 },
  },
  marina(1, [11611.75, 11643, 11677.25], [0.7122, 0.7383, 0.7617]),
  marina(5, [2422.5, 2427, 2440.25], [0.7309, 0.7617, 0.7924]),
  marina(10, [1276.75, 1280.5, 1283], [0.7552, 0.7752, 0.8003]),
  {
    label: "MARINA, PermK",
    algorithm: { kind: "marina", compressor: { kind: "perm-k" }, ...theory },
    rounds: [653, 654, 654],
    megabits: [0.8284, 0.8534, 0.8734],
    evaluateEvery: 1,
  },
  ppMarina(1, [28883, 28974, 29074.5], [0.7199, 0.7504, 0.7584]),
  ppMarina(5, [5924, 5936.5, 5943.25], [0.7501, 0.7676, 0.7932]),
  ppMarina(10, [3056, 3060.5, 3069.5], [0.7697, 0.7902, 0.8076]),
  vrMarina(1, [12567.5, 12605, 12680], [0.7899, 0.8102, 0.8218]),
  vrMarina(5, [5267.5, 5290, 5300], [1.0175, 1.0373, 1.0542]),
  vrMarina(10, [3727.5, 3745, 3762.5], [1.3199, 1.3322, 1.3501]),
  qgd(1, [5378, 5546.5, 5715.75], [0.1721, 0.1775, 0.1829]),
  qgd(5, [1205.75, 1253, 1290.5], [0.1929, 0.2005, 0.2065]),
  qgd(10, [687, 711, 724.5], [0.2198, 0.2275, 0.2318]),
  diana(5, "theory", [30485.5, 30498.5, 30519.75], [4.8777, 4.8798, 4.8832]),
  diana(10, "theory", [10630, 10636, 10647.25], [3.4016, 3.4035, 3.4071]),
  diana(10, "published", [48939, 48947, 48957], [15.6605, 15.663, 15.6662]),
  dasha(1, [23029.75, 23095, 23144], [0.7405, 0.7426, 0.7442]),
  dasha(5, [4636.5, 4649.5, 4663.75], [0.7453, 0.7473, 0.7496]),
  dasha(10, [2343.5, 2347, 2351], [0.7532, 0.7543, 0.7556]),
  ef21(1, 51355, 2.0064),
  ef21(5, 10149, 1.9824),
  ef21(10, 4997, 1.952),
  vrDiana(10, [128800, 128800, 128825], [41.216, 41.216, 41.224]),
];

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Does a median lie in [q1 - w - delta, q3 + w + delta]? w is half the quartile distance with 20 seeds or more, all of
 * it with fewer (a median over few seeds scatters more); delta covers evaluation spacing and one dense message.
 */
export function accepts(
  reference: Reference,
  measured: { readonly rounds: number; readonly megabits: number },
  seeds: number,
): boolean {
  const within = (value: number, [q1, q2, q3]: Quartiles, slack: number): boolean => {
    const w = (q3 - q1) * (seeds >= 20 ? 0.5 : 1);
    const delta = slack + 0.002 * q2;
    return value >= q1 - w - delta && value <= q3 + w + delta;
  };
  const { deterministic } = reference;
  if (deterministic !== undefined) {
    const expected = reference.rounds[1];
    return Math.abs(measured.rounds - expected) <= deterministic.within * expected;
  }
  return (
    within(measured.rounds, reference.rounds, reference.evaluateEvery) &&
    within(measured.megabits, reference.megabits, 0.0036)
  );
}
