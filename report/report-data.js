/** What a report's page holds and its charts draw: plain JSON, the same for a file and for a live view. */
/** What a curve may be drawn against. */
export const AXES = ["round", "uplinkMbit", "seconds", "usd"];
