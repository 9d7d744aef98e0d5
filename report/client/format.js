/** Numbers of tables: all their digits where they are few, else six. */

/** @param {string | number | null | undefined} value */
export function cellText(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const magnitude = Math.abs(value);
  return magnitude >= 1e-3 && magnitude < 1e6 ? String(Number(value.toPrecision(6))) : value.toExponential(5);
}

/** @param {number | null} value */
export function short(value) {
  if (value === null) return "–";
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1000 && magnitude < 1e6) return Math.round(value).toLocaleString("en-US");
  return magnitude >= 1e-3 && magnitude < 1000
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(2);
}
