/** A queue that triggers a function, with its dead letters. */
import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { MAX_RECEIVE_COUNT } from "../../shared/protocol/index.ts";
import type { Surroundings } from "../local.ts";

export interface LaneSetting {
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  readonly retention: Duration;
}

/** Time to look at what nobody could handle: the longest that SQS keeps a message. */
const DEAD_LETTER_RETENTION = Duration.days(14);

export class Lane extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    { fifo, visibilitySeconds, retention }: LaneSetting,
    { enforceSsl }: Surroundings,
  ) {
    super(scope, id);
    const common = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: enforceSsl,
      // Only `true` may be said of it.
      ...(fifo ? { fifo } : {}),
    };
    this.deadLetters = new Queue(this, "DeadLetters", { ...common, retentionPeriod: DEAD_LETTER_RETENTION });
    this.queue = new Queue(this, "Queue", {
      ...common,
      visibilityTimeout: Duration.seconds(visibilitySeconds),
      retentionPeriod: retention,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
  }
}
