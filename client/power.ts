/** What memory and which architecture of the worker's function a run should have: a trial of each. */
import type { ServiceConfiguration } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { dataForm } from "../shared/data/index.ts";
import { openProblem } from "../shared/problems/index.ts";
import type { RunSpec } from "../shared/protocol/index.ts";
import { findManifest } from "./find.ts";
import { predict } from "./predict.ts";
import { workerMemoryBytes } from "./vector-memory.ts";

/** Of one setting of the function; null where its memory is too little for the run's tasks. */
export interface PowerPoint {
  readonly memoryMb: number;
  readonly architecture: ServiceConfiguration["architecture"];
  readonly usdPerRound: number | null;
  readonly secondsPerRound: number | null;
}

export interface PowerCurve {
  /** What the largest task needs, about. */
  readonly neededMb: number;
  readonly points: readonly PowerPoint[];
  readonly cheapest: PowerPoint;
  readonly fastest: PowerPoint;
  /** Of least dollars times seconds: a tenth of one is worth a tenth of the other. */
  readonly balanced: PowerPoint;
}

/** Figures that differ by less are the same: then the other one decides. */
const SAME = 0.03;

/**
 * @param configuration of what is not varied
 * @throws MarinaError "limit" where no memory is enough, or data or machine are too large or small for a trial
 */
export async function powerCurve(
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
  configuration: ServiceConfiguration,
  varied: {
    readonly memoriesMb: readonly number[];
    readonly architectures: readonly ServiceConfiguration["architecture"][];
  },
): Promise<PowerCurve> {
  const manifest = await findManifest(objects, spec.data);
  const problem = openProblem(spec.problem, dataForm(manifest));
  const neededMb = Math.ceil(workerMemoryBytes(spec, manifest, problem) / 2 ** 20);
  const points: PowerPoint[] = [];
  for (const architecture of varied.architectures) {
    for (const memoryMb of varied.memoriesMb) {
      const point = { memoryMb, architecture, usdPerRound: null, secondsPerRound: null };
      if (memoryMb < neededMb) {
        points.push(point);
        continue;
      }
      const setting = { ...configuration, workerMemoryMb: memoryMb, architecture };
      const prediction = await predict(objects, spec, setting);
      if (prediction === undefined)
        throw new MarinaError(
          "limit",
          `data set "${spec.data}" or its vectors are too large for a trial on this machine`,
        );
      const { usdPerRound, secondsPerRound } = prediction;
      points.push({ ...point, usdPerRound, secondsPerRound });
    }
  }
  return { neededMb, points, ...bestOf(points, neededMb) };
}

function bestOf(
  points: readonly PowerPoint[],
  neededMb: number,
): Pick<PowerCurve, "cheapest" | "fastest" | "balanced"> {
  const tried = points.filter(({ usdPerRound }) => usdPerRound !== null);
  const usd = ({ usdPerRound }: PowerPoint): number => usdPerRound!;
  const seconds = ({ secondsPerRound }: PowerPoint): number => secondsPerRound!;
  const least = (of: (point: PowerPoint) => number, then: (point: PowerPoint) => number): PowerPoint => {
    const lowest = Math.min(...tried.map(of));
    const same = tried.filter((point) => of(point) <= lowest * (1 + SAME));
    return same.reduce((a, b) => (then(b) < then(a) ? b : a));
  };
  if (tried.length === 0) {
    throw new MarinaError(
      "limit",
      `every memory that is asked about is too little: the largest task needs about ${neededMb} MB; give more with --memory`,
    );
  }
  return {
    cheapest: least(usd, seconds),
    fastest: least(seconds, usd),
    balanced: least((point) => usd(point) * seconds(point), usd),
  };
}
