/** What the metrics of the rounds are called: by the function that writes them and by the dashboard that shows them. */
export const METRICS_NAMESPACE = "Marina";
export const RoundMetric = {
  rounds: "Rounds",
  milliseconds: "RoundMilliseconds",
  usd: "RoundUsd",
  resent: "ResentTasks",
  hedged: "HedgedTasks",
  dropped: "DroppedMessages",
} as const;
