/** Before money is spent: what a run will cost, and whether that is wanted. */
import { createInterface } from "node:readline/promises";
import { type AwsEngine, type Engine, predict } from "../../client/index.ts";
import { dollars, MarinaError, seconds } from "../../shared/base/index.ts";
import { priceNotice } from "../../shared/cost/index.ts";
import type { RunSpec } from "../../shared/protocol/index.ts";

interface PriceOptions {
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

/**
 * Says what the run may cost; asks when that is over the limit. @throws MarinaError "usage" when it is refused, or nobody
 * is there to ask.
 */
export async function confirmPrice(
  engine: Engine,
  spec: RunSpec,
  { maxUsd = 1, yes = false }: PriceOptions,
): Promise<void> {
  const { stack } = engine as AwsEngine;
  const prediction = await predict(engine.objects, spec, stack);
  const text =
    prediction === undefined
      ? "what it costs can't be predicted (the data set is too large for a trial)"
      : `at most $${dollars(prediction.usdAtMost)} for ${spec.stop.rounds} rounds ($${dollars(1000 * prediction.usdPerRound)} per 1,000; ${seconds(prediction.secondsAtMost)})`;
  console.error(`predicted: ${text}`);
  const notice = priceNotice(stack.region);
  if (notice !== undefined) console.error(notice);
  if (yes || (prediction !== undefined && prediction.usdAtMost <= maxUsd)) return;
  const limit = `over --max-usd ${maxUsd}`;
  if (!process.stdin.isTTY) {
    throw new MarinaError("usage", `${text}: ${limit}; give --yes, a higher --max-usd, or fewer stop.rounds`);
  }
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await ask.question(`That is ${limit}. Run it? [y/N] `);
  ask.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new MarinaError("usage", "not run");
}
