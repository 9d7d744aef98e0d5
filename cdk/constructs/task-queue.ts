/** Tasks, from the aggregators to the workers. */
import { Duration } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { TASK_VISIBILITY_SECONDS, WORKER_TIMEOUT_SECONDS } from "../../shared/protocol/index.ts";
import type { Surroundings } from "../local.ts";
import { Lane } from "./queue-with-dead-letters.ts";

/** A task that waited longer than this belongs to a round that was given up long ago. */
const RETENTION = Duration.hours(1);

export class TaskLane extends Lane {
  constructor(scope: Construct, id: string, surroundings: Surroundings) {
    if (TASK_VISIBILITY_SECONDS < WORKER_TIMEOUT_SECONDS) {
      throw new RangeError("a mapping demands that a queue's visibility is at least its function's time-out");
    }
    super(
      scope,
      id,
      { fifo: false, visibilitySeconds: TASK_VISIBILITY_SECONDS, retention: RETENTION },
      surroundings,
    );
  }
}
