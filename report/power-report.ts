/** The page of `marina power`. */
import type { PowerCurve, PowerPoint } from "../client/index.ts";
import type { PowerRow, ReportData, Series } from "./report-data.ts";

/** Which of the three answers a point is: "cheapest, balanced"; empty for the others. */
export function answersOf(curve: PowerCurve, point: PowerPoint): string {
  return (["cheapest", "fastest", "balanced"] as const).filter((name) => curve[name] === point).join(", ");
}

export function powerReport(curve: PowerCurve, title: string): ReportData {
  const power: PowerRow[] = curve.points.flatMap((point) => {
    const { architecture, memoryMb, usdPerRound, secondsPerRound } = point;
    if (usdPerRound === null || secondsPerRound === null) return [];
    return [
      {
        architecture,
        memoryMb,
        milliseconds: 1000 * secondsPerRound,
        usd: 1000 * usdPerRound,
        best: answersOf(curve, point),
      },
    ];
  });
  const series = [...new Set(power.map(({ architecture }) => architecture))].map(
    (name): Series => ({
      name,
      settings: {},
      runs: [],
      curve: null,
      bestLoss: null,
      usdByItem: null,
      latency: null,
      workers: [],
      heldOut: [],
    }),
  );
  return {
    title,
    predicts: true,
    billItems: [],
    series,
    runs: [],
    reached: [],
    recipes: [],
    advice: [],
    power,
  };
}
