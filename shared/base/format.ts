/** Numbers as people read them. */

/** Three significant digits, without a needless exponent. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined) return "-";
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e6) {
    return magnitude >= 1000
      ? Math.round(value).toLocaleString("en-US")
      : String(Number(value.toPrecision(3)));
  }
  return value.toExponential(2);
}

export function megabits(bits: number): string {
  return (bits / 1e6).toFixed(bits < 1e5 ? 4 : 3);
}

export function dollars(usd: number): string {
  return usd === 0 ? "0" : usd < 0.01 ? usd.toPrecision(3) : usd.toFixed(usd < 1 ? 4 : 2);
}

export function seconds(value: number): string {
  if (value < 120) return `${value.toPrecision(3)} s`;
  if (value < 7200) return `${(value / 60).toFixed(1)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let scaled = value;
  let unit = -1;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${scaled.toPrecision(3)} ${units[unit]}`;
}
