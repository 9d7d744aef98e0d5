/** Step sizes and probabilities against published formulas worked out by an independent program, and by hand. */
import { beforeAll, describe, expect, it } from "vitest";
import { MarinaError } from "../base/errors.ts";
import type { Compressor, UnbiasedCompressor } from "../compressors/compressor.ts";
import { createCompressor, type UnbiasedSpec } from "../compressors/registry.ts";
import { type LoadedData, loadShipped } from "../data/testing/load.ts";
import { largestEigenvalue } from "../math/power-iteration.ts";
import { smoothness } from "../problems/linear/smoothness.ts";
import { applyGram, shardSpectrum } from "../problems/linear/spectrum.ts";
import type { Smoothness } from "../problems/problem.ts";
import {
  type AlgorithmKind,
  type AlgorithmSpec,
  algorithmSchema,
  calibrationNeeds,
  guaranteedRounds,
  METHOD_KINDS,
  resolveNumbers,
} from "./registry.ts";
import { specOf } from "./testing/specs.ts";
import { type Numbers, plRounds, type TheorySetting } from "./theory.ts";

const identity = { kind: "identity" } as const;

type Named = "theory" | "published" | "practical" | "explicit" | "pl" | "measured";
type StepSize = number | Named | { readonly times: number } | { readonly mu: number };

/** Every method, with one compressor, step size and probability. Not each has each step size: see `named`. */
function specs(
  compressor: UnbiasedSpec,
  stepSize: StepSize,
  probability: "theory" | number = "theory",
): { readonly [Kind in AlgorithmKind]: Extract<AlgorithmSpec, { kind: Kind }> } {
  const choice = { compressor, probability, batchSize: 17, largeBatchSize: 400, participants: 2 };
  const all = METHOD_KINDS.map((kind) => [kind, { ...specOf(kind, choice), stepSize }]);
  return Object.fromEntries(all);
}

function expectRelative(actual: number, expected: number, tolerance = 1e-9): void {
  expect(Math.abs(actual / expected - 1), `${actual} against ${expected}`).toBeLessThan(tolerance);
}

/** mushrooms, n = 5, m = 1624, d = 112, non-convex loss; by K. */
const table = [
  {
    K: 1,
    omega: 111,
    p: 0.008928571429,
    marina: 0.01043789421,
    explicit: 0.01047045316,
    pp: [0.003571428571, 0.004195231314],
    vr: [0.008928571429, 0.009649791497],
    qgd: 0.0227837226,
    diana: 0.0003533506674,
    ef21: 0.002366701154,
    dasha: 0.005267529447,
    dianaPublished: 9.71158763e-5,
    vrDiana: 8.257571189e-5,
  },
  {
    K: 5,
    omega: 21.4,
    p: 0.04464285714,
    marina: 0.05000603736,
    explicit: 0.05076227017,
    pp: [0.01785714286, 0.02047233644],
    vr: [0.01035953687, 0.02301628172],
    qgd: 0.1001102963,
    diana: 0.003988448979,
    ef21: 0.01197599592,
    dasha: 0.02616021072,
    dianaPublished: 0.0009830596043,
    vrDiana: 0.0005312932545,
  },
  {
    K: 10,
    omega: 10.2,
    p: 0.08928571429,
    marina: 0.09504178495,
    explicit: 0.09781124701,
    pp: [0.03571428571, 0.03975397198],
    vr: [0.01035953687, 0.03258552938],
    qgd: 0.1738757777,
    diana: 0.01143011631,
    ef21: 0.02432406624,
    dasha: 0.05188988532,
    dianaPublished: 0.0024849408,
    vrDiana: 0.0009445100394,
  },
] as const;

describe("parameters on mushrooms, n = 5", () => {
  let data: LoadedData;
  let constants: Smoothness;

  beforeAll(async () => {
    data = await loadShipped("mushrooms", 5, "drop");
    const gram = largestEigenvalue(data.features, (v, out) => {
      out.fill(0);
      for (const shard of data.shards) applyGram(shard, v, out);
    });
    constants = smoothness({ kind: "nonconvex-binary" }, data.shards.map(shardSpectrum), gram);
  });

  function resolve(spec: AlgorithmSpec, compressor: Compressor): Numbers {
    return resolveNumbers(spec, {
      workers: 5,
      rowsPerWorker: data.rows / 5,
      compressor,
      smoothness: constants,
      rounds: 1000,
    });
  }

  describe.each(table)("RandK with K = $K", (row) => {
    const randK = { kind: "rand-k", k: row.K } as const;
    const theory = specs(randK, "theory");
    const compressor = createCompressor(randK, 112, "float32");

    it("omega = d/K - 1, and the shift's step is 1/(1 + omega)", () => {
      expectRelative(compressor.omega, row.omega);
      for (const spec of Object.values(specs(randK, 1))) {
        expectRelative(resolve(spec, compressor).shiftStep, row.K / 112);
      }
    });

    it("MARINA has p = 1/(1 + omega) and the step of Theorem 2.1", () => {
      const { probability, stepSize } = resolve(theory.marina, compressor);
      expectRelative(probability, row.p);
      expectRelative(stepSize, row.marina);
    });

    it("MARINA has L_f in the place of the first L in its explicit step", () => {
      expectRelative(resolve(specs(randK, "explicit").marina, compressor).stepSize, row.explicit);
    });

    it("PP-MARINA with r = 2 has p = zeta r/(d n) and the step of Theorem 4.1", () => {
      const { probability, stepSize } = resolve(theory["pp-marina"], compressor);
      expectRelative(probability, row.pp[0]);
      expectRelative(stepSize, row.pp[1]);
    });

    it("VR-MARINA with b = 17 has p = min{zeta/d, b/(m + b)} and the step of Theorem 3.1", () => {
      const { probability, stepSize } = resolve(theory["vr-marina"], compressor);
      expectRelative(probability, row.vr[0]);
      expectRelative(stepSize, row.vr[1]);
    });

    it("online VR-MARINA has p = min{zeta/d, b/(B + b)} and the same step for the same p", () => {
      const { probability } = resolve(theory["vr-marina-online"], compressor);
      expectRelative(probability, Math.min(row.K / 112, 17 / 417));
      const { stepSize } = resolve(specs(randK, "theory", row.vr[0])["vr-marina-online"], compressor);
      expectRelative(stepSize, row.vr[1], 2e-9);
    });

    it("QGD has the practical step 1/(L (1 + omega/n)), and no coin", () => {
      const { probability, stepSize } = resolve(specs(randK, "practical").qgd, compressor);
      expectRelative(stepSize, row.qgd);
      expect(probability).toBe(1);
    });

    it("DIANA has a tight and a published step, and no coin", () => {
      expectRelative(resolve(theory.diana, compressor).stepSize, row.diana);
      expectRelative(resolve(specs(randK, "published").diana, compressor).stepSize, row.dianaPublished);
      expect(resolve(theory.diana, compressor).probability).toBe(1);
    });

    it("EF21 has the step of its Theorem 1 for alpha = K/d, with Top-K and with RandK over 1 + omega", () => {
      const topK = { kind: "top-k", k: row.K } as const;
      const spec = { kind: "ef21", compressor: topK, stepSize: "theory" } as const;
      const greedy = resolve(spec, createCompressor(topK, 112, "float32"));
      expectRelative(greedy.stepSize, row.ef21);
      // What travels is C(x) itself with Top-K, and Q(x) = (1 + omega) C(x) with RandK.
      expect(greedy.shiftStep).toBe(1);
      expectRelative(resolve(theory.ef21, compressor).stepSize, row.ef21);
    });

    it("DASHA has the step 1/(L_f + L sqrt(2 omega (2 omega + 1)/n)), and no coin", () => {
      const { probability, stepSize } = resolve(theory.dasha, compressor);
      expectRelative(stepSize, row.dasha);
      expect(probability).toBe(1);
    });

    it("VR-DIANA with b = 17 has q = b/m and the published step, which is its theory", () => {
      const { probability, stepSize } = resolve(theory["vr-diana"], compressor);
      expectRelative(probability, 0.0104679803);
      expectRelative(stepSize, row.vrDiana);
      expect(resolve(specs(randK, "published")["vr-diana"], compressor).stepSize).toBe(stepSize);
    });
  });

  it("MARINA with PermK has p = 1/n and the step of the joint draw, L in the place of L_pm", () => {
    const compressor = createCompressor({ kind: "perm-k" }, 112, "float32", { workers: 5 });
    const { probability, stepSize } = resolve(specs({ kind: "perm-k" }, "theory").marina, compressor);
    expectRelative(probability, 0.2);
    expectRelative(stepSize, 0.185955057, 3e-9);
  });

  it("GD takes 1/L_f by theory, and 1/L as the number that it is", () => {
    const compressor = createCompressor(identity, 112, "float32");
    expectRelative(resolve(specs(identity, "theory").gd, compressor).stepSize, 1 / 1.593937978);
    const inverse = 1 / constants.L;
    expectRelative(inverse, 0.5285823643);
    expect(resolve(specs(identity, inverse).gd, compressor).stepSize).toBe(inverse);
  });
});

/** p, whatever the step. */
function probabilityOf(spec: AlgorithmSpec, setting: TheorySetting): number {
  return resolveNumbers({ ...spec, stepSize: 1 }, setting).probability;
}

/** Round numbers to reckon with. */
const hand: Smoothness = { Li: [1, 3], L: Math.sqrt(5), Lmax: 3, cL: 4, Lrow: 6, Lf: 2 };

function handSetting(compressor: UnbiasedCompressor, extra: Partial<TheorySetting> = {}): TheorySetting {
  return { workers: 4, rowsPerWorker: 50, compressor, smoothness: hand, rounds: 2, ...extra };
}

describe("the ends of the scale", () => {
  const lossless = createCompressor(identity, 8, "float64");
  const quarter = createCompressor({ kind: "rand-k", k: 2 }, 8, "float64");

  it("omega = 0: MARINA's step is 1/L for every p, QGD's guaranteed one and EF21's and DASHA's 1/L_f, DIANA's 1/(2 L_f)", () => {
    for (const p of [0.01, 0.5, 1]) {
      const spec = specs(identity, "theory", p).marina;
      expectRelative(resolveNumbers(spec, handSetting(lossless)).stepSize, 1 / Math.sqrt(5), 1e-15);
    }
    const { qgd, diana, ef21, dasha } = specs(identity, "theory");
    expect(resolveNumbers(dasha, handSetting(lossless)).stepSize).toBe(1 / 2);
    expect(resolveNumbers(ef21, handSetting(lossless)).stepSize).toBe(1 / 2);
    expect(resolveNumbers(qgd, handSetting(lossless)).stepSize).toBe(1 / 2);
    expect(resolveNumbers(diana, handSetting(lossless)).stepSize).toBe(1 / 4);
  });

  it("p = 1: the whole MARINA family's step is 1/L whatever the compressor", () => {
    const all = specs({ kind: "rand-k", k: 2 }, "theory", 1);
    for (const kind of ["marina", "vr-marina", "vr-marina-online", "pp-marina"] as const) {
      const { stepSize, probability } = resolveNumbers(all[kind], handSetting(quarter));
      expectRelative(stepSize, 1 / Math.sqrt(5), 1e-15);
      expect(probability).toBe(1);
    }
  });

  it("identity makes every round of MARINA dense, as it costs no more", () => {
    expect(probabilityOf(specs(identity, "theory").marina, handSetting(lossless))).toBe(1);
  });

  it("a batch as large as the shard gives VR-MARINA p = 1/2 and VR-DIANA q = 1, never more", () => {
    const all = specs(identity, "theory");
    expect(probabilityOf({ ...all["vr-marina"], batchSize: 50 }, handSetting(lossless))).toBe(0.5);
    expect(probabilityOf({ ...all["vr-diana"], batchSize: 50 }, handSetting(lossless))).toBe(1);
    expect(probabilityOf({ ...all["vr-diana"], batchSize: 99 }, handSetting(lossless))).toBe(1);
    expect(probabilityOf({ ...all["pp-marina"], participants: 40 }, handSetting(lossless))).toBe(1);
  });
});

describe("the probability of a dense round by the cost of a message", () => {
  const marina = (compressor: UnbiasedSpec) => specs(compressor, "theory").marina;

  it.each([
    [{ kind: "natural" }, 112, "float32", (9 * 112) / (32 * 112)],
    [{ kind: "natural" }, 112, "float64", (12 * 112) / (32 * 112)],
    // 16 levels: 33 values, 6 bits a coordinate and the norm
    [{ kind: "qsgd", levels: 16 }, 112, "float32", (32 + 6 * 112) / (32 * 112)],
    // 2 levels of 16 coordinates: zeta = 2 sqrt 16 = 8 tells something
    [{ kind: "qsgd", levels: 2 }, 16, "float32", 8 / 16],
    [{ kind: "l2-quantization" }, 16, "float32", 4 / 16],
    // more bits than a dense message: every round dense
    [{ kind: "qsgd", levels: 32767 }, 1, "float32", 1],
  ] as const)("%o in R^%d on %s", (compressor, d, wire, expected) => {
    const setting = handSetting(createCompressor(compressor, d, wire));
    expectRelative(probabilityOf(marina(compressor), setting), expected, 1e-15);
    const pp = specs(compressor, "theory")["pp-marina"];
    expectRelative(probabilityOf(pp, setting), expected * (2 / 4), 1e-15);
  });

  it("a given probability is taken as it is", () => {
    const compressor = createCompressor({ kind: "natural" }, 112, "float32");
    for (const spec of Object.values(specs({ kind: "natural" }, "theory", 0.37))) {
      const has = "probability" in spec;
      expect(probabilityOf(spec, handSetting(compressor))).toBe(has ? 0.37 : 1);
    }
  });
});

describe("PermK", () => {
  const permK = { kind: "perm-k" } as const;
  const setting = (d: number) => handSetting(createCompressor(permK, d, "float64", { workers: 4 }));
  const all = specs(permK, "theory");

  it("with d >= n: A = B = 1 and p = 1/n", () => {
    const marina = resolveNumbers(all.marina, setting(8));
    expect(marina.probability).toBe(1 / 4);
    // 1/(2 + sqrt(3 * 5))
    expectRelative(marina.stepSize, 1 / (2 + Math.sqrt(15)), 1e-15);
    // b = 17, m = 50: p = 1/4 < 17/67; 1/(2 + sqrt(3 (5 + 16/17)))
    const vr = resolveNumbers(all["vr-marina"], setting(8));
    expectRelative(vr.stepSize, 1 / (2 + Math.sqrt(3 * (5 + 16 / 17))), 1e-15);
    // omega = 3: 1/(2 sqrt 5 sqrt(4 * 9))
    expectRelative(resolveNumbers(all.diana, setting(8)).stepSize, 1 / (12 * Math.sqrt(5)), 1e-15);
    // omega = 3, A = 1 in the place of omega/n: 1/(2 + sqrt 5 sqrt(2 * 7))
    expectRelative(resolveNumbers(all.dasha, setting(8)).stepSize, 1 / (2 + Math.sqrt(5 * 14)), 1e-15);
  });

  it("with n > d: A = B = (d-1)/(n-1) and p = 1/d", () => {
    const marina = resolveNumbers(all.marina, setting(2));
    expect(marina.probability).toBe(1 / 2);
    // 1/(2 + sqrt(5/3))
    expectRelative(marina.stepSize, 1 / (2 + Math.sqrt(5 / 3)), 1e-15);
    // 1/(2 + sqrt((50/17) (5/3 + (1/3 + (2/3)/4) 16/17)))
    const vr = resolveNumbers(all["vr-marina"], setting(2));
    expectRelative(vr.stepSize, 1 / (2 + Math.sqrt((50 / 17) * (5 / 3 + 8 / 17))), 1e-15);
    // omega = 1: 1/(2 sqrt 5 sqrt((1/3) 2 * 5))
    expectRelative(
      resolveNumbers(all.diana, setting(2)).stepSize,
      1 / (2 * Math.sqrt(5) * Math.sqrt(10 / 3)),
      1e-15,
    );
  });

  it("asks for L_f where the theorem begins with it", () => {
    for (const kind of ["marina", "vr-marina", "diana", "dasha"] as const) {
      expect(calibrationNeeds(all[kind])).toEqual(["average-smoothness"]);
    }
    expect(calibrationNeeds(specs(permK, 0.1).marina)).toEqual([]);
  });

  it("has no published step of DIANA, which is for independent compressors", () => {
    const { diana } = specs(permK, "published");
    expect(() => resolveNumbers(diana, setting(8))).toThrow(
      /algorithm\.stepSize: "published" is for .*"theory"/,
    );
  });

  it("is refused with the reason by methods whose theory or rounds it does not fit", () => {
    const takes = (kind: AlgorithmKind) => algorithmSchema.safeParse(all[kind]).success;
    const taken = METHOD_KINDS.filter((kind) => kind !== "gd" && takes(kind));
    expect(taken).toEqual(["diana", "marina", "vr-marina", "dasha"]);
    const issue = algorithmSchema.safeParse(all["pp-marina"]).error!.issues[0]!;
    expect(issue.path).toEqual(["compressor", "kind"]);
    expect(issue.message).toBe(
      "perm-k is drawn for all workers jointly, and a compressed round of pp-marina has not all of them; take marina",
    );
  });
});

describe("steps by hand: n = 4, m = 50, omega = 3, L = sqrt 5, L_f = 2, cL = 4", () => {
  const randK = { kind: "rand-k", k: 2 } as const;
  const setting = handSetting(createCompressor(randK, 8, "float64"), { mu: 0.01 });
  const step = (stepSize: StepSize, kind: AlgorithmKind, p: number | "theory" = 1 / 5) =>
    resolveNumbers(specs(randK, stepSize, p)[kind], setting).stepSize;

  it("explicit: 1/(L_f + sqrt(S/p))", () => {
    // (1-p)/p = 4; MARINA 4 (3/4) 5, PP-MARINA with r = 2 4 (4/2) 5, VR with b = 17 (4/4)(3 * 5 + 4 * 16/17)
    expectRelative(step("explicit", "marina"), 1 / (2 + Math.sqrt(15)), 1e-15);
    expectRelative(step("explicit", "pp-marina"), 1 / (2 + Math.sqrt(40)), 1e-15);
    const vr = 1 / (2 + Math.sqrt(15 + 64 / 17));
    expectRelative(step("explicit", "vr-marina"), vr, 1e-15);
    expectRelative(step("explicit", "vr-marina-online"), vr, 1e-15);
  });

  it("pl: twice what stands under the root, with L in front in the MARINA family, and rho/(2 mu)", () => {
    const L = Math.sqrt(5);
    expectRelative(step("pl", "marina"), 1 / (L + Math.sqrt(30)), 1e-15);
    expectRelative(step("pl", "pp-marina"), 1 / (L + Math.sqrt(80)), 1e-15);
    expectRelative(step("pl", "vr-marina"), 1 / (L + Math.sqrt(30 + 128 / 17)), 1e-15);
    expect(step("pl", "gd")).toBe(1 / 2);
    // 8 omega (1 + omega)(3 + 2 omega)/n = 216: smaller than 1/(2 L_f) = 1/4 and 1/(4 (1 + omega) mu) = 6.25
    expectRelative(step("pl", "diana"), 1 / (L * Math.sqrt(216)), 1e-15);
    // 4 omega (2 omega + 1)/n = 21, a = 1/7
    expectRelative(step("pl", "dasha"), 1 / (2 + Math.sqrt(5 * 21)), 1e-15);
    // alpha = 1/4
    const theta = 1 - Math.sqrt(3 / 4);
    expectRelative(step("pl", "ef21"), 1 / (2 + Math.sqrt((5 * 2 * 0.75) / theta ** 2)), 1e-13);
    for (const [kind, rho] of [
      ["marina", 1 / 5],
      ["pp-marina", 1 / 5],
      ["dasha", 1 / 7],
      ["ef21", theta],
      ["diana", 1 / 8],
    ] as const) {
      expectRelative(step({ mu: 1000 }, kind), rho / 2000, 1e-13);
    }
  });

  it("importance: the mean of L_i, 2, for clients; cL of the losses alone for rows, by how they are drawn", () => {
    const all = specs(randK, "theory", 1 / 5);
    const pp = { ...all["pp-marina"], sampling: "importance" } as const;
    for (const stepSize of ["theory", "explicit"] as const) {
      const numbers = resolveNumbers({ ...pp, stepSize }, setting);
      expectRelative(numbers.stepSize, 1 / (2 + 2 * Math.sqrt(8)), 1e-15);
      expect(numbers.Li).toEqual([1, 3]);
    }
    expectRelative(resolveNumbers({ ...pp, stepSize: "pl" }, setting).stepSize, 1 / (2 + 8), 1e-15);
    expect(calibrationNeeds(pp)).toEqual(["average-smoothness"]);
    expect(resolveNumbers(all["pp-marina"], setting)).not.toHaveProperty("Li");

    const known = { ...setting, smoothness: { ...hand, cLoss: { uniform: 3, importance: 2 } } };
    const vr = (sampling: "uniform" | "importance", stepSize: "theory" | "explicit") =>
      resolveNumbers({ ...all["vr-marina"], sampling, stepSize }, known).stepSize;
    const L = Math.sqrt(5);
    expectRelative(vr("uniform", "theory"), 1 / (L + Math.sqrt(15 + 64 / 17)), 1e-15);
    expectRelative(vr("importance", "theory"), 1 / (L + Math.sqrt(15 + 16 / 17)), 1e-15);
    expectRelative(vr("uniform", "explicit"), 1 / (2 + Math.sqrt(15 + 36 / 17)), 1e-15);
    expectRelative(vr("importance", "explicit"), 1 / (2 + Math.sqrt(15 + 16 / 17)), 1e-15);
  });

  it("importance is refused without replacement", () => {
    for (const kind of ["pp-marina", "vr-marina"] as const) {
      const spec = { ...specs(randK, "theory")[kind], sampling: "importance", replacement: false };
      expect(algorithmSchema.safeParse(spec).error!.issues[0]).toMatchObject({ path: ["replacement"] });
    }
  });

  it("measured: the same formula as theory, of other constants; QGD's is the practical one", () => {
    for (const kind of ["gd", "marina", "pp-marina", "diana", "vr-diana", "ef21", "dasha"] as const) {
      expect(step("measured", kind)).toBe(step("theory", kind));
    }
    expect(step("measured", "qgd")).toBe(step("practical", "qgd"));
  });

  it("EF21 with the mean of L_i, 2, which is less than L", () => {
    const spec = { ...specs(randK, "theory").ef21, smoothness: "mean" } as const;
    const theta = 1 - Math.sqrt(3 / 4);
    expectRelative(resolveNumbers(spec, setting).stepSize, 1 / (2 + (2 * Math.sqrt(0.75)) / theta), 1e-13);
  });

  it("PermK's explicit step has L_pm where it is known, and L else: 1/(L_f + sqrt(((1-p)/p) L_pm^2))", () => {
    const permK = createCompressor({ kind: "perm-k" }, 8, "float64", { workers: 4 });
    const { marina } = specs({ kind: "perm-k" }, "explicit", 1 / 5);
    const known = handSetting(permK, { smoothness: { ...hand, Lpm: 0.5 } });
    expectRelative(resolveNumbers(marina, known).stepSize, 1 / (2 + 2 * 0.5), 1e-15);
    expectRelative(resolveNumbers(marina, handSetting(permK)).stepSize, 1 / (2 + Math.sqrt(20)), 1e-15);
    expect(calibrationNeeds(marina)).toEqual(["average-smoothness", "hessian-variance"]);
  });

  it("rounds are promised from what the rate begins with: f(x^0), DIANA's shifts besides; none to a neighbourhood", () => {
    const start = { loss: 3, gradientNormSquared: 1 };
    const aimed = { ...setting, mu: 0.01, start, targetGradientNormSquared: 1e-3 };
    const all = specs(randK, "pl", 1 / 5);
    expect(guaranteedRounds(all.marina, aimed, 0.25)).toBe(plRounds(0.25, 0.01, 2, 3, 1e-3));
    // c = 4 L_f gamma^2 (omega/n)(1 + omega) = 4 * 2/16 * 3, L_max = 3
    const gap = 3 * (1 + 2 * 1.5 * 3);
    expect(guaranteedRounds(all.diana, aimed, 0.25)).toBe(plRounds(0.25, 0.01, 2, gap, 1e-3));
    const aggregation = { kind: "centered-clip", tolerate: 0.25 } as const;
    expect(guaranteedRounds({ ...all.marina, aggregation }, aimed, 0.25)).toBeUndefined();
    const { mu: _, ...unknown } = aimed;
    expect(guaranteedRounds(all.marina, unknown, 0.25)).toBeUndefined();
  });

  it("plRounds: (1 - gamma mu)^T 2 L_f (f(x^0) - f_*) <= target after T rounds, and not long before", () => {
    const rounds = plRounds(0.25, 0.08, 2, 3, 1e-3);
    const left = (T: number) => (1 - 0.25 * 0.08) ** T * 2 * 2 * 3;
    expect(left(rounds)).toBeLessThanOrEqual(1e-3);
    expect(left(Math.floor(0.98 * rounds))).toBeGreaterThan(1e-3);
    expect(plRounds(0.25, 0.08, 2, 3, 100)).toBe(0);
  });
});

describe("QGD's guaranteed step", () => {
  // omega = 3: A = omega L_max / n = 3 * 3/4 = 2.25; C = 2 A f(x^0) = 2.25 with f(x^0) = 1/2
  const spec = specs({ kind: "rand-k", k: 2 }, "theory").qgd;
  const setting = (rounds: number, target: number) =>
    handSetting(createCompressor({ kind: "rand-k", k: 2 }, 8, "float64"), {
      rounds,
      start: { loss: 0.5, gradientNormSquared: 7 },
      targetGradientNormSquared: target,
    });

  it("is the least of 1/L_f, 1/sqrt(L_f A T) and eps^2/(2 L_f C)", () => {
    // 1/2, 1/sqrt(4.5 T), eps^2/9
    expectRelative(resolveNumbers(spec, setting(2, 9)).stepSize, 1 / 3, 1e-15);
    expectRelative(resolveNumbers(spec, setting(200, 9)).stepSize, 1 / 30, 1e-15);
    expectRelative(resolveNumbers(spec, setting(2, 0.9)).stepSize, 0.1, 1e-15);
  });

  it("is 1/L_f where that is the least", () => {
    const mild = { ...setting(2, 9), smoothness: { ...hand, Lmax: 1 / 9 } };
    // A = 1/12, C = 1/12: 1/sqrt(2 * 2/12) = sqrt 3, 9/(4/12) = 27
    expect(resolveNumbers(spec, mild).stepSize).toBe(0.5);
  });

  it("asks for an accuracy to aim at where none was given", () => {
    const { targetGradientNormSquared: _, ...without } = setting(2, 1);
    expect(() => resolveNumbers(spec, without)).toThrow(/stop\.relativeGradientNormSquared/);
    expect(() => resolveNumbers(spec, without)).toThrow(MarinaError);
  });
});

describe("asking for a step size", () => {
  const compressor = createCompressor({ kind: "rand-k", k: 2 }, 8, "float64");
  const setting = handSetting(compressor, {
    start: { loss: 0.5, gradientNormSquared: 7 },
    targetGradientNormSquared: 1,
  });
  const kinds = METHOD_KINDS;

  it.each(kinds)("%s takes a number as it is and a multiple of its theory", (kind) => {
    const of = (stepSize: StepSize) =>
      resolveNumbers(specs({ kind: "rand-k", k: 2 }, stepSize)[kind], setting).stepSize;
    expect(of(0.123)).toBe(0.123);
    expect(of({ times: 4 })).toBe(4 * of("theory"));
    expect(of({ times: 0.5 })).toBe(0.5 * of("theory"));
  });

  const named: Readonly<Record<AlgorithmKind, readonly Named[]>> = {
    gd: ["theory", "pl", "measured"],
    qgd: ["theory", "practical", "measured"],
    diana: ["theory", "published", "pl", "measured"],
    "vr-diana": ["theory", "published", "measured"],
    marina: ["theory", "explicit", "pl", "measured"],
    "vr-marina": ["theory", "explicit", "pl"],
    "vr-marina-online": ["theory", "explicit"],
    "pp-marina": ["theory", "explicit", "pl", "measured"],
    ef21: ["theory", "pl", "measured"],
    dasha: ["theory", "pl", "measured"],
  };

  it.each(kinds)("%s takes the named steps that it has, and its schema no others", (kind) => {
    for (const stepSize of ["theory", "published", "practical", "explicit", "pl", "measured"] as const) {
      const spec = specs({ kind: "rand-k", k: 2 }, stepSize)[kind];
      const has = named[kind].includes(stepSize);
      expect(algorithmSchema.safeParse(spec).success, stepSize).toBe(has);
      if (has) expect(resolveNumbers(spec, { ...setting, mu: 0.1 }).stepSize).toBeGreaterThan(0);
    }
    const given = specs({ kind: "rand-k", k: 2 }, { mu: 0.1 })[kind];
    expect(algorithmSchema.safeParse(given).success).toBe(named[kind].includes("pl"));
  });

  const needsAverage = (spec: AlgorithmSpec) => calibrationNeeds(spec).includes("average-smoothness");
  const needsStart = (spec: AlgorithmSpec) => calibrationNeeds(spec).includes("starting-point");

  it("L_f is asked for only by theory of GD, DIANA, QGD, EF21 and DASHA, and f(x^0) only by that of QGD", () => {
    for (const kind of kinds) {
      for (const stepSize of ["theory", { times: 2 }] as const) {
        const spec = specs(identity, stepSize)[kind];
        expect(needsAverage(spec)).toBe(["gd", "diana", "qgd", "ef21", "dasha"].includes(kind));
        expect(needsStart(spec)).toBe(kind === "qgd");
      }
      for (const stepSize of ["published", "practical", 0.1] as const) {
        if (typeof stepSize === "string" && !named[kind].includes(stepSize)) continue;
        expect(calibrationNeeds(specs(identity, stepSize)[kind])).toEqual([]);
      }
    }
  });

  it("explicit asks for L_f, pl for mu unless it is given and for f(x^0), measured for nothing but gradients near x^0", () => {
    for (const kind of kinds) {
      const needs = (stepSize: StepSize) => calibrationNeeds(specs(identity, stepSize)[kind]);
      if (named[kind].includes("explicit")) expect(needs("explicit")).toEqual(["average-smoothness"]);
      if (named[kind].includes("measured")) expect(needs("measured")).toEqual(["probe"]);
      if (!named[kind].includes("pl")) continue;
      expect(needs("pl")).toEqual(expect.arrayContaining(["polyak-lojasiewicz", "starting-point"]));
      expect(needs({ mu: 1 })).toEqual(needs("pl").filter((need) => need !== "polyak-lojasiewicz"));
    }
  });

  it("whoever does not ask for L_f gets by without it", () => {
    const { Lf: _, ...withoutLf } = hand;
    for (const kind of kinds) {
      for (const stepSize of [...named[kind], 0.1]) {
        // Where constants are measured L_f is among them.
        if (stepSize === "measured") continue;
        const spec = specs({ kind: "rand-k", k: 2 }, stepSize)[kind];
        const resolve = () => resolveNumbers(spec, { ...setting, mu: 0.1, smoothness: withoutLf });
        if (needsAverage(spec)) expect(resolve).toThrow(/L_f/);
        else expect(resolve().stepSize).toBeGreaterThan(0);
      }
    }
  });
});
