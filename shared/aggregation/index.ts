/** Robust aggregation: one vector of a round's messages, though some workers may be wrong. */
export { type Aggregated, aggregate, errorFactor } from "./aggregate.ts";
export { type AggregationSpec, aggregationLabel, aggregationSchema, tolerated } from "./aggregation.ts";
export { clipped, type SparseVector } from "./points.ts";
export { RULE_KINDS } from "./rules.ts";
