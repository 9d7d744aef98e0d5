/** How long a run of very many rounds may take on this machine, told and asked before it begins. */
import { configurationOf, confirmLength, type Engine, predict } from "../../client/index.ts";
import type { RunSpec } from "../../shared/protocol/index.ts";

/** No trial is made for fewer: they take minutes. */
const MANY_ROUNDS = 1_000_000;

/**
 * Asks where the run, or what is left of it, may take longer than a day. On AWS every run is asked about, with its price.
 * @param roundsLeft of a run that is resumed
 */
export async function confirmRounds(
  engine: Engine,
  spec: RunSpec,
  yes: boolean | undefined,
  roundsLeft = spec.stop.rounds,
): Promise<void> {
  if (roundsLeft <= MANY_ROUNDS) return;
  const rounds: number[] = [];
  const prediction = await predict(engine.objects, spec, configurationOf(engine), () =>
    rounds.push(performance.now()),
  );
  // Too large for a trial: then its rounds are minutes, and whoever brings such data knows.
  if (prediction === undefined) return;
  const { usdPerRound, secondsPerRound } = prediction;
  const { usd = Infinity, seconds = Infinity } = spec.stop;
  const most = Math.min(roundsLeft, usd / usdPerRound, seconds / secondsPerRound);
  const [first = 0, last = first] = [rounds[0], rounds.at(-1)];
  const machineSeconds = (last - first) / 1000 / Math.max(1, rounds.length - 1);
  await confirmLength(
    {
      rounds: Math.ceil(most),
      // The embedded cloud's clock is virtual; a local cloud takes at least as long as AWS does.
      seconds: most * (engine.predicts ? machineSeconds : secondsPerRound),
      usd: most * usdPerRound,
    },
    yes,
  );
}
