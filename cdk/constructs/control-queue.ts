/** Control messages, from the command line and from an aggregator to its successor: in order, one group a run. */
import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AGGREGATOR_TIMEOUT_SECONDS, CONTROL_VISIBILITY_SECONDS } from "../../shared/protocol/index.ts";
import type { Surroundings } from "../local.ts";
import { Lane } from "./queue-with-dead-letters.ts";

/** Runs that wait for an aggregator may wait for days. */
const RETENTION = Duration.days(4);

export class ControlLane extends Lane {
  constructor(scope: Construct, id: string, surroundings: Surroundings) {
    if (CONTROL_VISIBILITY_SECONDS < AGGREGATOR_TIMEOUT_SECONDS) {
      throw new RangeError("a mapping demands that a queue's visibility is at least its function's time-out");
    }
    super(
      scope,
      id,
      { fifo: true, visibilitySeconds: CONTROL_VISIBILITY_SECONDS, retention: RETENTION },
      surroundings,
    );
  }
}
