/** A worker's answer whose cost is looked at: computed in 12.3 ms by a warm environment. */
export const contribution = {
  kind: "contribution",
  runDigest: "0123456789abcdef",
  round: 3,
  phase: 0,
  slot: 0,
  worker: 0,
  payload: new Uint8Array(40),
  bits: 320,
  loss: 1,
  evaluation: null,
  reused: false,
  computeMilliseconds: 12.3,
  cold: false,
} as const;
