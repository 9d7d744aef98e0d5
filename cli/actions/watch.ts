/** `marina watch`: runs as they go on, in the browser and in the terminal. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CollectedRun,
  type Engine,
  type EngineOptions,
  type Liveness,
  openEngine,
  RunReader,
  requestScale,
  unfinished,
} from "../../client/index.ts";
import {
  controlsOf,
  type Outlook,
  OutlookTracker,
  parseScaleOrder,
  QUIET_SECONDS,
  startWatchServer,
  stateText,
  terminalLines,
  type WatchServer,
} from "../../monitor/index.ts";
import { buildReport, type ReportData, reportPage } from "../../report/index.ts";
import { describeError, MarinaError } from "../../shared/base/index.ts";

export interface WatchOptions extends EngineOptions {
  readonly terminal?: boolean;
}

/** Between looks: the embedded cloud writes every second; on a stack each look costs a few requests. */
const INTERVAL_MILLISECONDS = { embedded: 500, localstack: 1000, aws: 2000 } as const;
/** Between lines where the output is no terminal. */
const PLAIN_SECONDS = 5;

interface Sight {
  readonly runs: readonly CollectedRun[];
  readonly outlooks: readonly Outlook[];
  /** Of each run: undefined where its rounds tell that it goes on, or that it has ended. */
  readonly standings: readonly (Liveness | undefined)[];
  readonly data: ReportData;
  readonly ended: boolean;
}

export async function watch(names: readonly string[], options: WatchOptions): Promise<void> {
  const engine = await openEngine(options);
  const watched = await Promise.all(
    [...new Set(names)].map(async (run) => ({
      run,
      reader: await RunReader.open(engine.live, run),
      tracker: new OutlookTracker(),
    })),
  );
  const title = watched.length === 1 ? `Run ${names[0]}` : `${watched.length} runs`;
  const cutOffLooks = watched.map(() => 0);
  const look = async (): Promise<Sight> => {
    const runs = await Promise.all(watched.map(({ reader }) => reader.read()));
    const now = performance.now() / 1000;
    const outlooks = runs.map((run, i) => watched[i]!.tracker.look(run, now));
    const standings = await Promise.all(runs.map((run, i) => standingIn(engine, run, outlooks[i]!)));
    // Twice in a row: one that is just being started or taken over has nobody for a moment.
    for (const [i, standing] of standings.entries())
      cutOffLooks[i] = standing?.state === "cut-off" ? cutOffLooks[i]! + 1 : 0;
    return {
      runs,
      outlooks,
      standings,
      data: buildReport(runs, { title, predicts: engine.predicts }),
      ended: runs.every(({ result }, i) => result !== undefined || cutOffLooks[i]! > 1),
    };
  };
  let sight = await look();
  const stopped = new AbortController();
  const end = (): void => stopped.abort();
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  const terminal = await createTerminal(engine.predicts);
  let server: WatchServer | undefined;
  try {
    if (options.terminal !== true) {
      server = await startWatchServer({
        page: () => reportPage(sight.data, { live: true }),
        news: () => news(sight),
        actions: {
          stop: async () => {
            const going = sight.runs
              .filter(({ result }) => result === undefined)
              .map(({ stored }) => stored.run);
            if (going.length === 0)
              throw new MarinaError("usage", "there is nothing to stop: all have ended");
            for (const run of going) await engine.command(run, { kind: "stop", now: false });
            return `asked ${going.join(", ")} to stop at the next round boundary`;
          },
          scale: async (body) => {
            const { run, ...order } = parseScaleOrder(body);
            if (!watched.some((one) => one.run === run)) {
              throw new MarinaError("usage", `scale: ${run} is not one of the runs that are watched here`);
            }
            return await requestScale(engine, run, order);
          },
        },
      });
      console.log(`${server.url}\n(on this machine only; the page ends with this command: Ctrl-C)`);
    }
    terminal.show(sight);
    while (!sight.ended && !stopped.signal.aborted) {
      await pause(INTERVAL_MILLISECONDS[options.on], stopped.signal);
      if (stopped.signal.aborted) break;
      try {
        sight = await look();
        server?.push("report", news(sight));
      } catch (error) {
        if (!(error instanceof MarinaError) || error.code !== "unavailable") throw error;
        server?.push("problem", error.message);
      }
      terminal.show(sight);
    }
    terminal.done(sight);
    for (const complaint of cutOffs(sight)) {
      console.error(describeError(complaint));
      process.exitCode = 1;
    }
    // Whoever has the page open may want to look on.
    if (server !== undefined && !stopped.signal.aborted) {
      console.log("ended; the page stays until Ctrl-C");
      await new Promise<void>((resolve) => stopped.signal.addEventListener("abort", () => resolve()));
    }
    if (sight.runs.some(({ result }) => result?.status === "failed" || result?.status === "diverged"))
      process.exitCode = 1;
  } finally {
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
    await server?.close();
    await engine.close();
  }
}

/** Runs that nothing goes on with: watching on shows no more of them. */
function cutOffs({ runs, standings }: Sight): MarinaError[] {
  return runs.flatMap(({ stored, result, progress }, i) => {
    const liveness = standings[i];
    if (result !== undefined || liveness?.state !== "cut-off") return [];
    return [unfinished(stored.run, { liveness, checkpoint: progress })];
  });
}

/** Asked only of a run that has been quiet, and of one without a round: on a stack it costs requests. */
async function standingIn(
  engine: Engine,
  { stored, result, rounds }: CollectedRun,
  { quietSeconds }: Outlook,
): Promise<Liveness | undefined> {
  if (result !== undefined || (rounds.count > 0 && quietSeconds < QUIET_SECONDS)) return undefined;
  return await engine.liveness(stored.run);
}

function news({ data, runs, outlooks, standings, ended }: Sight): string {
  return JSON.stringify({
    data,
    state: runs.map((run, i) => stateText(run, outlooks[i]!, standings[i])).join("; "),
    ended,
    controls: controlsOf(runs),
  });
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Lines that change in place on a terminal; elsewhere lines now and then, and the last ones. */
async function createTerminal(
  predicts: boolean,
): Promise<{ readonly show: (sight: Sight) => void; readonly done: (sight: Sight) => void }> {
  const { createLogUpdate } = await import("log-update");
  const live = process.stdout.isTTY === true;
  const update = createLogUpdate(process.stdout);
  let shown = Number.NEGATIVE_INFINITY;
  const text = ({ runs, outlooks, standings }: Sight): string =>
    runs.flatMap((run, i) => terminalLines(run, outlooks[i]!, standings[i], predicts)).join("\n");
  return {
    show(sight) {
      const now = performance.now() / 1000;
      if (live) update(text(sight));
      else if (now - shown >= PLAIN_SECONDS && !sight.ended) {
        shown = now;
        console.log(text(sight));
      }
    },
    done(sight) {
      if (live) {
        update(text(sight));
        update.done();
      } else console.log(text(sight));
    },
  };
}
