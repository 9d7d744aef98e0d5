/**
 * Carries out changes of who takes part (decided in `elastic.ts`): stores the aim, waits for a round at which it may take
 * effect, calibrates for the new number of workers, and stores what is in force from that round on.
 *
 * Workers change at a dense round. There the estimate is the exact gradient of f whatever the partition, so the error term
 * of the Lyapunov function is zero, and the theorem holds from there with the new n, step size and probability. Dense
 * rounds may be added at will: they only lower that error. Methods without an estimator (GD, QGD) change at any round.
 */
import {
  createMethod,
  type Method,
  methodOf,
  serverDraws,
  type Vectors,
} from "../../../shared/methods/index.ts";
import {
  type Constants,
  type Elastic,
  type PendingChange,
  type Phase,
  type ScaleRequest,
  whyNotScaled,
} from "../../../shared/protocol/index.ts";
import { type CalibrationObserver, calibrate } from "../calibration/calibrate.ts";
import { PointStore } from "../round/points.ts";
import { type ActiveRun, withCohort } from "../term/active-run.ts";
import { decide, type Moment, noteNorm, phaseOf } from "./decide.ts";

/** What depends on who takes part. */
export interface Cohorts {
  readonly active: ActiveRun;
  readonly method: Method;
  readonly constants: Constants;
  readonly points: PointStore;
}

export class CohortKeeper {
  readonly #start: ActiveRun;
  readonly #observe: CalibrationObserver;
  #now: Cohorts;
  #elastic: Elastic;

  /** @param active with the cohort of the last phase of `elastic`. */
  constructor(active: ActiveRun, constants: Constants, elastic: Elastic, observe: CalibrationObserver) {
    this.#start = active;
    this.#observe = observe;
    this.#elastic = elastic;
    this.#now = cohortsOf(active, constants);
  }

  get now(): Cohorts {
    return this.#now;
  }

  get elastic(): Elastic {
    return this.#elastic;
  }

  /** Must this round be dense, whatever the coin says? */
  isFirstOfChange(round: number): boolean {
    const { round: first, dense } = phaseOf(this.#elastic);
    return dense && first === round;
  }

  noteNorm(normSquared: number | null, initial: number | null): void {
    this.#elastic = noteNorm(this.#elastic, normSquared, initial);
  }

  /**
   * At the beginning of a round: takes in what has come to count, and changes who takes part if this round allows.
   * @param store makes the run durable as it is now, `elastic` and `now` included.
   * @returns true if anything was stored.
   */
  async turn(
    moment: Moment,
    state: Vectors,
    request: ScaleRequest | undefined,
    store: () => Promise<void>,
  ): Promise<boolean> {
    const before = this.#elastic;
    this.#elastic = decide(this.#start.spec, before, moment, this.#accepted(request));
    const news = this.#elastic !== before;
    // A phase's number must be its alone before anybody is asked in its name.
    if (news) await store();
    const { pending } = this.#elastic;
    if (pending === null || !this.#mayChange(pending, state, moment.round)) return news;
    const former = this.#now.points;
    await this.#change(pending, moment);
    await store();
    // Nobody goes back behind this change: the points of the former cohort are of no use to anybody.
    await former.forgetBelow(Number.POSITIVE_INFINITY, -1);
    return true;
  }

  async #change(pending: PendingChange, { round, seconds, usd }: Moment): Promise<void> {
    const { phase, workers, participants, cause } = pending;
    const former = this.#now;
    const active = withCohort(this.#start, { phase, workers, participants });
    const constants = await calibrate(active, this.#observe);
    this.#now = cohortsOf(active, constants);
    const next: Phase = {
      phase,
      round,
      workers,
      participants,
      stepSize: constants.stepSize,
      probability: constants.probability,
      cause,
      dense: workers !== former.active.workers && changesAtDenseRounds(active),
      seconds,
      usd,
    };
    this.#elastic = { ...this.#elastic, phases: [...this.#elastic.phases, next], pending: null };
    active.ports.log.info("workers-changed", { run: active.run, round, workers, participants, cause });
  }

  #mayChange(pending: PendingChange, state: Vectors, round: number): boolean {
    const { active, method } = this.#now;
    if (pending.workers === active.workers || pending.denseRound === "force" || !changesAtDenseRounds(active))
      return true;
    const { request } = method.plan(state, round, serverDraws(active.spec.seed, round));
    return this.isFirstOfChange(round) || request.dense;
  }

  /** Undefined for a request that this run can't follow: the command line has refused it, so it comes from elsewhere. */
  #accepted(request: ScaleRequest | undefined): ScaleRequest | undefined {
    if (request === undefined || request.request <= this.#elastic.lastRequest) return undefined;
    const { run, spec, manifest, ports } = this.#start;
    const why = whyNotScaled(run, spec, phaseOf(this.#elastic), request, manifest.rows);
    if (why === undefined) return request;
    ports.log.warn("scale-refused", { run, why });
    this.#elastic = { ...this.#elastic, lastRequest: request.request };
    return undefined;
  }
}

function cohortsOf(active: ActiveRun, constants: Constants): Cohorts {
  return {
    active,
    constants,
    method: createMethod(active.algorithm, constants),
    points: new PointStore(active.ports.objects, active.run, active.phase),
  };
}

/** Others begin every round anew (GD, QGD) and change at any. */
function changesAtDenseRounds({ algorithm }: ActiveRun): boolean {
  return methodOf(algorithm).membership === "dense round";
}
