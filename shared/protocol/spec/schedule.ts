/** Schedules of a spec: who takes part, from when on. The schemas of `workers` and of PP-MARINA's `participants`. */
import * as z from "zod";

const count = z.int().min(1).max(1_000_000);

/** When an entry of a schedule begins to count: exactly one of them; the first entry counts from the start. */
const from = {
  fromRound: z.int().min(0).max(4_000_000_000).exactOptional().describe("From this round on."),
  fromRelativeGradientNormSquared: z
    .number()
    .positive()
    .exactOptional()
    .describe("From the first evaluated x^k on with |grad f(x^k)|^2 <= this times |grad f(x^0)|^2."),
  fromSeconds: z
    .number()
    .positive()
    .exactOptional()
    .describe("From so many seconds on, by the engine's clock: other engines change at other rounds."),
};

const denseRound = z
  .enum(["wait", "force"])
  .default("wait")
  .describe(
    'Workers change at a dense round: "wait" for the next one that the coin brings, or "force" one at once.',
  );

const workersChange = z.strictObject({ workers: count.describe("n"), ...from, denseRound });
const participantsChange = z.strictObject({ participants: count.describe("r"), ...from });

type Trigger = { readonly [key in keyof typeof from]?: number };

const TRIGGERS = Object.keys(from) as readonly (keyof Trigger)[];

/** The rules within one schedule. */
function checkSchedule(
  entries: readonly Trigger[],
  context: { addIssue(issue: { code: "custom"; path: (string | number)[]; message: string }): void },
): void {
  let lastRound = -1;
  entries.forEach((entry, i) => {
    const given = TRIGGERS.filter((trigger) => entry[trigger] !== undefined);
    if (i === 0) {
      if (given.length > 0 && (given.length > 1 || entry.fromRound !== 0)) {
        context.addIssue({
          code: "custom",
          path: [0],
          message: 'expected the first entry to count from the start: "fromRound": 0, or no "from" at all',
        });
      }
    } else if (given.length !== 1) {
      context.addIssue({
        code: "custom",
        path: [i],
        message: `expected exactly one of ${TRIGGERS.join(", ")}, got ${given.length === 0 ? "none" : given.join(", ")}`,
      });
    }
    if (entry.fromRound === undefined) return;
    if (entry.fromRound <= lastRound) {
      context.addIssue({
        code: "custom",
        path: [i, "fromRound"],
        message: `expected more than ${lastRound}, the round of an entry before it, got ${entry.fromRound}`,
      });
    }
    lastRound = entry.fromRound;
  });
}

/** Entries in the order in which they come to count; one whose time has not come keeps those after it waiting. */
const LENGTH_LIMIT = 1000;

const workersTarget = z
  .strictObject({
    usdPerRound: z.number().positive().describe("Dollars that a round shall cost."),
    atLeast: count.describe("Never fewer workers; the run starts with so many."),
    atMost: count.describe("Never more workers."),
  })
  .superRefine(({ atLeast, atMost }, context) => {
    if (atLeast > atMost) {
      context.addIssue({
        code: "custom",
        path: ["atMost"],
        message: `expected at least ${atLeast} (atLeast), got ${atMost}`,
      });
    }
  });

export const workersSchema = z
  .union([count, z.array(workersChange).min(1).max(LENGTH_LIMIT).superRefine(checkSchedule), workersTarget])
  .describe(
    "n: the data set's rows are split among so many workers. Or a schedule, whose entries take effect at dense rounds; or a target of dollars per round.",
  );

export const participantsSchema = z
  .union([count, z.array(participantsChange).min(1).max(LENGTH_LIMIT).superRefine(checkSchedule)])
  .describe("Slots of a compressed round, r. Or a schedule, whose entries take effect at any round.");

export type WorkersSpec = z.output<typeof workersSchema>;
export type ParticipantsSpec = z.output<typeof participantsSchema>;
export type WorkersChange = z.output<typeof workersChange>;
export type ParticipantsChange = z.output<typeof participantsChange>;
export type WorkersTarget = z.output<typeof workersTarget>;
/** What an entry of a schedule waits for. */
export type ScheduleTrigger = Pick<WorkersChange, keyof typeof from>;

/** A target of dollars per round? */
export function isTarget(workers: WorkersSpec): workers is WorkersTarget {
  return typeof workers === "object" && !Array.isArray(workers);
}

/** n at the start. */
export function startingWorkers(workers: WorkersSpec): number {
  if (typeof workers === "number") return workers;
  return Array.isArray(workers) ? workers[0]!.workers : workers.atLeast;
}

/** r at the start. */
export function startingParticipants(participants: ParticipantsSpec): number {
  return typeof participants === "number" ? participants : participants[0]!.participants;
}

/** Every n that the spec may ask for; the two ends of a target. */
export function workersAsked(workers: WorkersSpec): readonly number[] {
  if (typeof workers === "number") return [workers];
  return Array.isArray(workers) ? workers.map((entry) => entry.workers) : [workers.atLeast, workers.atMost];
}

/** Every r that the spec may ask for. */
export function participantsAsked(participants: ParticipantsSpec): readonly number[] {
  return typeof participants === "number" ? [participants] : participants.map((entry) => entry.participants);
}

/** For tables: `20`, `5→50→10`, `5..100`. */
export function workersText(workers: WorkersSpec): string {
  return workersAsked(workers).join(isTarget(workers) ? ".." : "→");
}

/** For tables: `4`, `2→8`. */
export function participantsText(participants: ParticipantsSpec): string {
  return participantsAsked(participants).join("→");
}
