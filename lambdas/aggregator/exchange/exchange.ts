/** One exchange with the workers: tasks out, one valid answer per slot in, in slot order. */
import type { Ports, QueueAddress } from "../../../shared/cloud/index.ts";
import { type Downlink, packTasks, type Task } from "../../../shared/protocol/index.ts";
import type { AcceptedContribution, Answer, Expectation } from "./contribution-table.ts";
import type { Inbox } from "./inbox.ts";
import { isBeside, PacksUnderWay } from "./packs-under-way.ts";
import { hedgeThreshold } from "./resend.ts";

export interface Exchange {
  /** Slot -> its contribution. */
  readonly accepted: readonly AcceptedContribution[];
  /** Bytes of the tasks' bodies, and of what workers have read that could not do them; those outside the method apart. */
  readonly taskBytes: number;
  readonly outsideBytes: number;
  /** Tasks sent again: hedges, overdue ones, and those whose worker failed. */
  readonly resent: number;
  readonly hedged: number;
  /** Messages that came meanwhile and counted for nothing. */
  readonly dropped: number;
}

/** Told how far an exchange is. */
export interface ExchangeWatch {
  /** All tasks have left for the first time. */
  readonly sent?: () => void;
  /** A batch of answers was looked at, some of which may have counted. */
  readonly counted?: () => void;
  /**
   * The server's state in full, for workers that can't make it: stored when it is asked for first.
   * @param again somebody has not found what was stored.
   */
  readonly fullState?: (again: boolean) => Promise<Downlink>;
  /** See `Expectation`: an answer that it objects to counts for nothing, and its task is sent again. */
  readonly objection?: Expectation["objection"];
  /** Slot -> what an exchange of the same tasks has brought already: those are not sent. */
  readonly known?: Expectation["known"];
}

/**
 * Sends the tasks (slot s is tasks[s]), packed by neighbours, and waits for all answers; late ones are sent again as `resend.ts` decides.
 * @throws MarinaError "worker-failed" or "non-finite" naming run, round and worker when a worker can't answer.
 */
export async function exchange(
  ports: Ports,
  taskQueue: QueueAddress,
  inbox: Inbox,
  tasks: readonly Task[],
  kind: Answer["kind"],
  shardsPerTask: number,
  hedging = true,
  watch: ExchangeWatch = {},
): Promise<Exchange> {
  const { contributions } = inbox;
  const { objection, known, counted, fullState } = watch;
  inbox.expect({ ...expectationOf(tasks, kind), objection, known }, counted);
  // From here on a task is a packed one: sent, hedged and sent again as a whole.
  const packs = new PacksUnderWay(ports, taskQueue, inbox, packTasks(tasks, shardsPerTask));
  await packs.begin(watch.sent);
  const threshold = hedging && known === undefined ? answersBeforeHedges(tasks) : tasks.length;
  const rejectedBefore = contributions.rejected;
  let mostInAt: number | undefined;
  let confirmed = false;
  let wait = packs.decide(mostInAt).waitMilliseconds;
  for (;;) {
    const event = await inbox.next(wait, mostInAt === undefined ? threshold : tasks.length);
    if (event.kind === "complete") break;
    if (event.kind === "need-state") await packs.withState(event.needs, fullState);
    if (event.kind === "error") packs.failed(event.error);
    if (contributions.count >= threshold) mostInAt ??= ports.clock.now();
    let decision = packs.decide(mostInAt);
    if (decision.overdue.length > 0 || decision.exhausted !== undefined) {
      await packs.lookIntoQueue();
      decision = packs.decide(mostInAt);
    }
    if (decision.exhausted !== undefined) throw packs.exhausted(decision.exhausted);
    if (!confirmed && decision.overdue.some((pack) => packs.isSilent(pack))) {
      // Another aggregator that believes the run to be its own may be taking the answers.
      await inbox.confirmHold();
      confirmed = true;
    }
    await packs.again(decision);
    wait = decision.waitMilliseconds;
  }
  const { sent, resent, hedged } = packs;
  return {
    accepted: contributions.accepted as readonly AcceptedContribution[],
    ...sent,
    resent,
    hedged,
    dropped: contributions.rejected - rejectedBefore,
  };
}

/** From how many answers on the others count as late: most of those that the method asks for, and all that is asked beside it. */
function answersBeforeHedges(tasks: readonly Task[]): number {
  const beside = tasks.filter(isBeside).length;
  return beside < tasks.length ? beside + hedgeThreshold(tasks.length - beside) : tasks.length;
}

function expectationOf(tasks: readonly Task[], kind: Answer["kind"]): Expectation {
  const { phase, round, ranges } = tasks[0]!;
  const heldOutFrom = tasks.findIndex((task) => task.kind === "held-out");
  return {
    kind,
    ...(heldOutFrom === -1 ? {} : { heldOutFrom }),
    phase,
    round,
    workers: Uint32Array.from(tasks, ({ worker }) => worker),
    evaluationOnly: tasks.map((task) => task.kind === "evaluate"),
    ranges,
  };
}
