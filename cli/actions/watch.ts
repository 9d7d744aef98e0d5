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
  type WatchServer,
} from "../../monitor/index.ts";
import { buildReport, reportPage } from "../../report/index.ts";
import { describeError, MarinaError } from "../../shared/base/index.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { createTerminal, lineByLine, type Sight } from "../output/watch-terminal.ts";

export interface WatchOptions extends EngineOptions, PrintOptions {
  readonly terminal?: boolean;
}

/** Between looks: the embedded cloud writes every second; on a stack each look costs a few requests. */
const INTERVAL_MILLISECONDS = { embedded: 500, localstack: 1000, aws: 2000 } as const;

/** One that is just being started or taken over has nobody for a moment. */
const CUT_OFF_SECONDS = 2;

/** A run that is looked at again and again. */
interface WatchedRun {
  readonly run: string;
  readonly reader: RunReader;
  readonly tracker: OutlookTracker;
}

export async function watch(names: readonly string[], options: WatchOptions): Promise<void> {
  const engine = await openEngine(options);
  const stopped = new AbortController();
  const end = (): void => stopped.abort();
  let server: WatchServer | undefined;
  try {
    const watched = await Promise.all(
      [...new Set(names)].map(async (run) => ({
        run,
        reader: await RunReader.open(engine.live, run),
        tracker: new OutlookTracker(),
      })),
    );
    const look = looker(engine, watched);
    let sight = await look();
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
    const terminal = options.json === true ? lineByLine() : await createTerminal(engine.predicts);
    if (options.terminal !== true) {
      server = await serve(engine, watched, () => sight);
      const { url } = server;
      print(
        options,
        { url },
        () => `${url}\n(on this machine only; the page ends with this command: Ctrl-C)`,
      );
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
    tellEnd(sight);
    // Whoever has the page open may want to look on.
    if (server !== undefined && !stopped.signal.aborted) {
      console.error("ended; the page stays until Ctrl-C");
      await new Promise<void>((resolve) => stopped.signal.addEventListener("abort", () => resolve()));
    }
  } finally {
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
    await server?.close();
    await engine.close();
  }
}

/** Each look reads what is new of each run. */
function looker(engine: Engine, watched: readonly WatchedRun[]): () => Promise<Sight> {
  const title = watched.length === 1 ? `Run ${watched[0]!.run}` : `${watched.length} runs`;
  /** In seconds. */
  const cutOffSince: (number | undefined)[] = [];
  return async () => {
    const runs = await Promise.all(watched.map(({ reader }) => reader.read()));
    const now = performance.now() / 1000;
    const outlooks = runs.map((run, i) => watched[i]!.tracker.look(run, now));
    const standings = await Promise.all(runs.map((run, i) => standingIn(engine, run, outlooks[i]!)));
    for (const [i, standing] of standings.entries())
      cutOffSince[i] = standing?.state === "cut-off" ? (cutOffSince[i] ?? now) : undefined;
    return {
      runs,
      outlooks,
      standings,
      data: buildReport(runs, { title, predicts: engine.predicts }),
      ended: runs.every(
        ({ result }, i) => result !== undefined || now - (cutOffSince[i] ?? now) >= CUT_OFF_SECONDS,
      ),
    };
  };
}

/** The page, and what can be ordered on it. */
function serve(engine: Engine, watched: readonly WatchedRun[], sight: () => Sight): Promise<WatchServer> {
  return startWatchServer({
    page: () => reportPage(sight().data, { live: true }),
    news: () => news(sight()),
    actions: {
      stop: async () => {
        const going = sight()
          .runs.filter(({ result }) => result === undefined)
          .map(({ stored }) => stored.run);
        if (going.length === 0) throw new MarinaError("usage", "there is nothing to stop: all have ended");
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
}

/** Complains of what did not end well. */
function tellEnd(sight: Sight): void {
  for (const complaint of cutOffs(sight)) {
    console.error(describeError(complaint));
    process.exitCode = 1;
  }
  if (sight.runs.some(({ result }) => result?.status === "failed" || result?.status === "diverged"))
    process.exitCode = 1;
}

/** Runs that nothing goes on with: watching on shows no more of them. */
function cutOffs({ runs, standings }: Sight): MarinaError[] {
  return runs.flatMap(({ stored, result, progress }, i) => {
    const liveness = standings[i];
    if (result !== undefined || liveness?.state !== "cut-off") return [];
    return [unfinished(stored.run, { liveness, checkpoint: progress })];
  });
}

/** Asked only of a run that has been quiet, or has had no round since it is watched: on a stack it costs requests. */
async function standingIn(
  engine: Engine,
  { stored, result }: CollectedRun,
  { roundsPerSecond, quietSeconds }: Outlook,
): Promise<Liveness | undefined> {
  const isMoving = roundsPerSecond !== null && quietSeconds < QUIET_SECONDS;
  return result !== undefined || isMoving ? undefined : await engine.liveness(stored.run);
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
