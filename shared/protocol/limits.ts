/**
 * Every limit of the platform and every time-out of ours, in one place, with its source. Relations between them are
 * asserted in `limits.test.ts`, and again where the stack and a run are built.
 */

/** SQS: one message, and one batch of ten, attributes included. SQS API reference, SendMessageBatch. */
export const MESSAGE_LIMIT_BYTES = 1_048_576;
/** SQS: messages in one batch request. */
export const BATCH_LIMIT = 10;
/** SQS bills each started 64 KiB of a request as one request. SQS pricing page. */
export const BILLED_UNIT_BYTES = 65_536;
/** SQS: messages received but not deleted, standard and FIFO. SQS quotas page. */
export const IN_FLIGHT_LIMIT = 120_000;
/** SQS: longest long poll. */
export const LONG_POLL_LIMIT_SECONDS = 20;
/** Lambda: longest invocation. Lambda quotas page. */
export const FUNCTION_TIMEOUT_LIMIT_SECONDS = 900;
/** Lambda: most memory of a function, in MB. Lambda quotas page. */
export const FUNCTION_MEMORY_LIMIT_MB = 10_240;

/** The aggregator's time-out: short, so that a crash costs little and a redeployment is picked up soon. */
export const AGGREGATOR_TIMEOUT_SECONDS = 300;
/** The aggregator hands over to its successor when less than this is left. */
export const HANDOVER_MARGIN_SECONDS = 60;
/** A worker's time-out. */
export const WORKER_TIMEOUT_SECONDS = 60;

/** What of it a task may take by the model: stragglers, reading and a cold start need the rest. */
export const TASK_SECONDS_LIMIT = 40;
/**
 * What a network computes on a Lambda vCPU. The products of `npm run bench:network` reach 16 to 21 GFLOP/s in float64 on one
 * core with AVX-512, and a Graviton2 core, of the functions' own architecture, is taken to reach about half; the rest of a
 * network (activations, sums) is in it. Assumed, not measured on Lambda.
 */
export const NETWORK_FLOP_PER_SECOND = 8e9;

/** Visibility of the task queue: at least the worker's time-out (six times is AWS's advice for retries by the mapping). */
export const TASK_VISIBILITY_SECONDS = 6 * WORKER_TIMEOUT_SECONDS;
/** Visibility of the control queue as created: at least its function's time-out, as a mapping demands. */
export const CONTROL_VISIBILITY_SECONDS = AGGREGATOR_TIMEOUT_SECONDS;
/** The aggregator shortens its own message's visibility to this and renews it: a dead one is replaced within it. */
export const LEASE_SECONDS = 45;
/** How often the lease is renewed. */
export const HEARTBEAT_SECONDS = 15;
/** Contributions: a poll of a dead aggregator may have swallowed some; they are back after this. */
export const CONTRIBUTION_VISIBILITY_SECONDS = 15;
/** Contributions: long polls are short, so that an abandoned one swallows little. */
export const CONTRIBUTION_WAIT_SECONDS = 5;
/** Contributions nobody fetched are forgotten after an hour (a run's queue is deleted at its end anyway). */
export const CONTRIBUTION_RETENTION_SECONDS = 3600;
/** Deliveries of a task or control message before it goes to the dead-letter queue. */
export const MAX_RECEIVE_COUNT = 5;
/**
 * From this delivery of its control message on, an aggregator hands over after one round: so a run that gets on at all comes
 * through any number of crashes, and only one that does not ends among the dead letters.
 */
export const NEAR_DEAD_LETTER_RECEIVE_COUNT = 3;

/** Long polls kept open by the aggregator; more only breaks batches up. */
export const PARALLEL_POLLS = 8;
/** Points travel inside the task while its body is at most one billed unit ... */
export const INLINE_TASK_BYTES = BILLED_UNIT_BYTES;
/** ... and a round's tasks together are at most this (one network interface is 625 Mbit/s). */
export const INLINE_ROUND_BYTES = 8_000_000;
/** Lambda: an environment's network interface, 625 Mbit/s. Lambda quotas page. */
export const NETWORK_BYTES_PER_SECOND = 78_125_000;
/** S3: GETs a second of keys with one prefix. S3 guide, "best practices design patterns". */
export const STORE_GETS_PER_SECOND = 5500;
/** Shifts that an aggregator carries, all n together: each round's tasks bring them, and each checkpoint holds them. */
export const CARRIED_SHIFTS_BYTES = 8_000_000;
/** A data object up to this size is read whole, once per environment; a larger one by ranges ... */
export const WHOLE_OBJECT_BYTES = 256_000_000;
/** ... and of dense rows one up to this size: they are long, and an environment needs few of them. */
export const WHOLE_DENSE_OBJECT_BYTES = 4_000_000;

/** Steps of a calibration's power iteration between two stored states of it: what a crash may lose. */
export const CALIBRATION_STEPS_PER_STORE = 50;

/** Once this share of a round's contributions is in ... */
export const HEDGE_AFTER_SHARE = 0.9;
/** ... tasks still missing for so much longer are sent again ... */
export const HEDGE_DELAY_MILLISECONDS = 20;
/** ... at most this share of the round's tasks. */
export const HEDGE_SHARE_LIMIT = 0.2;
/** ... where that took longer than this, for a share of what it took beyond: workers may be fewer than tasks. */
export const HEDGE_PROMPT_MILLISECONDS = 2000;
export const HEDGE_DELAY_SHARE = 0.1;
/**
 * A task is sent again when nothing was heard of it, nor of any other task of its round, for so long, and none waits in the
 * queue. Not below the contributions' visibility.
 */
export const RESEND_AFTER_SECONDS = 15;
/** Nothing heard of a round for so long while tasks wait in the queue: the run fails, as nobody works on them. */
export const QUEUE_PATIENCE_SECONDS = 180;
/** Times that one task is sent in all; then the run fails, naming the worker. */
export const MAX_SENDS = 4;
/** A round whose gradient norm squared exceeds this multiple of the first one's has diverged. */
export const DIVERGENCE_FACTOR = 1e6;
