/** What `marina watch` shows in the terminal: lines that change in place, or lines for programs. */
import type { CollectedRun, Liveness } from "../../client/index.ts";
import { type Outlook, terminalLines } from "../../monitor/index.ts";
import type { ReportData } from "../../report/index.ts";
import { statusOf } from "./run-list.ts";
import { widthOf } from "./terminal.ts";

/** Between lines where the output is no terminal. */
const PLAIN_SECONDS = 5;

/** One look at the runs that are watched. */
export interface Sight {
  readonly runs: readonly CollectedRun[];
  readonly outlooks: readonly Outlook[];
  /** Of each run: undefined where its rounds tell that it goes on, or that it has ended. */
  readonly standings: readonly (Liveness | undefined)[];
  readonly data: ReportData;
  readonly ended: boolean;
}

export interface WatchTerminal {
  readonly show: (sight: Sight) => void;
  readonly done: (sight: Sight) => void;
}

/** For programs: a line for each look that shows something new, and one for the last. */
export function lineByLine(): WatchTerminal {
  let shown = "";
  const show = ({ runs, outlooks, standings, ended }: Sight): void => {
    const line = JSON.stringify({
      ended,
      runs: runs.map(({ stored: { run }, result, rounds: { last } }, i) => {
        const { roundsPerSecond, secondsLeft } = outlooks[i]!;
        return {
          run,
          status: result?.status ?? (standings[i] === undefined ? "running" : statusOf(standings[i].state)),
          round: last?.round ?? null,
          loss: last?.loss ?? null,
          gradientNormSquared: last?.gradientNormSquared ?? null,
          uplinkBitsPerWorker: last?.uplinkBitsPerWorker ?? null,
          seconds: last?.seconds ?? null,
          usd: last?.usd ?? null,
          roundsPerSecond,
          secondsLeft,
        };
      }),
    });
    if (line === shown) return;
    shown = line;
    process.stdout.write(`${line}\n`);
  };
  return { show, done: show };
}

/** Lines that change in place on a terminal; elsewhere lines now and then, and the last ones. */
export async function createTerminal(predicts: boolean): Promise<WatchTerminal> {
  const { createLogUpdate } = await import("log-update");
  const live = process.stdout.isTTY === true;
  const update = createLogUpdate(process.stdout);
  let shown = Number.NEGATIVE_INFINITY;
  const text = ({ runs, outlooks, standings }: Sight): string =>
    runs.flatMap((run, i) => terminalLines(run, outlooks[i]!, standings[i], predicts, widthOf())).join("\n");
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
