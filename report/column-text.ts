/** Numbers of tables: those of one column are written in one way. Runs in the page too: no imports of Node. */

/** Of figures for people. */
export const FEW_DIGITS = 3;
/** Of tables that stand for charts. */
export const MANY_DIGITS = 6;

/**
 * How a column's values are written: whole numbers as they are, others with so many digits, and with an exponent either all
 * or none of them.
 */
export function columnText(values: readonly unknown[], digits: number): (value: unknown) => string {
  const numbers = values.filter(
    (value): value is number => typeof value === "number" && value !== 0 && Number.isFinite(value),
  );
  const sizes = numbers.map(Math.abs);
  const isWhole = numbers.every(Number.isInteger);
  const least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const hasExponents = !isWhole && (least < 1e-3 || largest >= 1e6);
  return (value) => {
    if (value === null || value === undefined) return "–";
    if (typeof value !== "number") return String(value);
    if (value === 0 || isWhole) return value.toLocaleString("en-US");
    if (hasExponents) return value.toExponential(digits - 1);
    // Of what is counted in thousands no digit is made up.
    if (Math.abs(value) >= 10 ** (digits - 1)) return Math.round(value).toLocaleString("en-US");
    return value.toLocaleString("en-US", {
      minimumSignificantDigits: digits,
      maximumSignificantDigits: digits,
    });
  };
}
