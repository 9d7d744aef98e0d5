/** PP-MARINA's slots: r, or a schedule of it. */
import * as z from "zod";
import { count, scheduleOf } from "./schedule.ts";

export const participantsSchema = z
  .union([count, scheduleOf({ participants: count.describe("r") }, {})])
  .describe("Slots of a compressed round, r. Or a schedule, whose entries take effect at any round.");

export type ParticipantsSpec = z.output<typeof participantsSchema>;

/** r at the start. */
export function startingParticipants(participants: ParticipantsSpec): number {
  return typeof participants === "number" ? participants : participants[0]!.participants;
}

/** Every r that the spec may ask for. */
export function participantsAsked(participants: ParticipantsSpec): readonly number[] {
  return typeof participants === "number" ? [participants] : participants.map((entry) => entry.participants);
}

/** For tables: `4`, `2→8`. */
export function participantsText(participants: ParticipantsSpec): string {
  return participantsAsked(participants).join("→");
}
