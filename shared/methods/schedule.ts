/** Schedules: numbers that change while a run goes on. */
import * as z from "zod";

export const count = z.int().min(1).max(1_000_000);

/** When an entry of a schedule takes effect: exactly one of them; the first entry does from the start. */
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

const TRIGGERS = Object.keys(from) as readonly (keyof ScheduleTrigger)[];

/** The rules within one schedule. */
function checkSchedule(
  entries: readonly ScheduleTrigger[],
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

/** Entries in the order in which they take effect; one whose time has not come keeps those after it waiting. */
const LENGTH_LIMIT = 1000;

/** What an entry of a schedule waits for. */
export type ScheduleTrigger = { readonly [key in keyof typeof from]?: number };

/** A schedule of entries with these fields, and with what they wait for between them. */
export function scheduleOf<First extends z.ZodRawShape, Last extends z.ZodRawShape>(
  first: First,
  last: Last,
) {
  const entry = z.strictObject({ ...first, ...from, ...last });
  return z
    .array(entry)
    .min(1)
    .max(LENGTH_LIMIT)
    .superRefine((entries, context) => checkSchedule(entries as readonly ScheduleTrigger[], context));
}
