/** A curve in one line of text. */

const BARS = "▁▂▃▄▅▆▇█";

/** The values on a logarithmic scale, as `width` bars at most; values that a logarithm does not know are left out. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const logs = values
    .filter((value) => value !== null && value > 0 && Number.isFinite(value))
    .map((value) => Math.log(value!));
  if (logs.length === 0) return "";
  const count = Math.min(width, logs.length);
  const picked = Array.from(
    { length: count },
    (_, i) => logs[count === 1 ? logs.length - 1 : Math.round((i * (logs.length - 1)) / (count - 1))]!,
  );
  const least = Math.min(...picked);
  const span = Math.max(...picked) - least;
  return picked
    .map(
      (value) =>
        BARS[span === 0 ? 0 : Math.min(BARS.length - 1, Math.floor(((value - least) / span) * BARS.length))]!,
    )
    .join("");
}
