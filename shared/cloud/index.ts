/** The ports: object store, queues, clock, compute. */
export { DamagedObject, readChecked } from "./checked-read.ts";
export { existingQueue } from "./existing-queue.ts";
export type {
  ByteRange,
  Clock,
  Compute,
  DeliveredMessage,
  Handler,
  Invocation,
  Log,
  MessageQueue,
  ObjectStore,
  OutgoingMessage,
  Ports,
  PutCondition,
  QueueAddress,
  QueueOptions,
  ReceivedMessage,
  StoredObject,
  Work,
} from "./ports.ts";
export { readOptional } from "./read-optional.ts";
