/** Which seeds of a campaign are done, and what came of them, as a file: a campaign of hours can be interrupted. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import { explainDiskError, type FaultRatios, replaceFile } from "../embedded/index.ts";
import { MarinaError, stored } from "../shared/base/index.ts";
import { sha256 } from "../shared/protocol/index.ts";
import type { Stage } from "./baseline.ts";
import { type Campaign, emptyCampaign, together } from "./campaign.ts";

const count = z.int().min(0);
const schema = z.strictObject({
  version: z.literal(1),
  /** Of the runs and the ratios: what other runs or ratios have shown is not this campaign's. */
  setting: z.string(),
  /** First and last seed, in order and apart. */
  done: z.array(z.tuple([count, count])),
  seconds: z.number().min(0),
  campaign: z.strictObject({
    seeds: count,
    failures: z.array(z.looseObject({ stage: z.string(), seed: count, violations: z.array(z.string()) })),
    faultsByKind: z.record(z.string(), count),
    endings: z.record(z.string(), count),
    worstCost: z.strictObject({ multiple: z.number(), seed: count }),
  }),
});

interface Stand {
  readonly version: 1;
  readonly setting: string;
  readonly done: readonly (readonly [first: number, last: number])[];
  readonly seconds: number;
  readonly campaign: Campaign;
}

const format = stored<Stand>(schema, { problem: "expected a record of marina chaos, got other bytes" });

export class ChaosRecord {
  readonly #path: string | undefined;
  readonly #setting: string;
  readonly #done: Set<number>;
  #campaign: Campaign;
  /** Of earlier commands. */
  readonly secondsBefore: number;

  /**
   * @param path of its file; undefined where nothing is kept.
   * @throws MarinaError "usage" for a record of other runs or ratios, "corrupt" for what is no record.
   */
  constructor(path: string | undefined, stages: readonly Stage[], ratios: FaultRatios) {
    this.#path = path;
    this.#setting = settingOf(stages, ratios);
    const stand = path === undefined ? undefined : readStand(path);
    if (stand !== undefined && stand.setting !== this.#setting) {
      throw new MarinaError(
        "usage",
        `--record ${path}: is of other runs or other ratios of faults; give another file`,
      );
    }
    this.#campaign = stand === undefined ? emptyCampaign() : together(emptyCampaign(), stand.campaign);
    this.secondsBefore = stand?.seconds ?? 0;
    this.#done = new Set((stand?.done ?? []).flatMap(([first, last]) => range(first, last)));
  }

  get campaign(): Campaign {
    return this.#campaign;
  }

  isDone(seed: number): boolean {
    return this.#done.has(seed);
  }

  add(seeds: readonly number[], part: Campaign): void {
    for (const seed of seeds) this.#done.add(seed);
    this.#campaign = together(this.#campaign, part);
  }

  /** @param seconds of this command so far. @throws MarinaError "unavailable". */
  save(seconds: number): void {
    if (this.#path === undefined) return;
    const stand: Stand = {
      version: 1,
      setting: this.#setting,
      done: ranges(this.#done),
      seconds: this.secondsBefore + seconds,
      campaign: this.#campaign,
    };
    try {
      replaceFile(this.#path, `${JSON.stringify(stand, null, 2)}\n`);
    } catch (error) {
      throw explainDiskError(this.#path, "write", error);
    }
  }
}

function settingOf(stages: readonly Stage[], ratios: FaultRatios): string {
  const runs = stages.map(({ name, spec, iterateSha256 }) => [name, spec, iterateSha256]);
  return sha256(JSON.stringify([runs, Object.entries(ratios).sort()])).slice(0, 16);
}

function readStand(path: string): Stand | undefined {
  let body: Uint8Array;
  try {
    body = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw explainDiskError(path, "read", error);
  }
  return format.decode(body, path);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function ranges(seeds: ReadonlySet<number>): [number, number][] {
  const found: [number, number][] = [];
  for (const seed of [...seeds].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === seed - 1) last[1] = seed;
    else found.push([seed, seed]);
  }
  return found;
}
