/** What a task is answered with: a message for each worker that it stands for, posted as one. */
import { type RunMessage, type Task, writeRunMessage } from "../../shared/protocol/index.ts";

export interface TaskAnswer {
  /** A single error or need of the state, or an answer for each. */
  readonly messages: readonly RunMessage[];
  /** The packed task that they answer; undefined: not packed. */
  readonly pack?: {
    readonly task: Task;
    readonly cold: boolean;
    readonly reads: number;
    readonly bytesRead?: number;
  };
}

/** The answer as one message. */
export function packOf({ messages, pack }: TaskAnswer): RunMessage {
  const [first] = messages;
  if (pack === undefined || first!.kind === "error" || first!.kind === "need-state") return first!;
  let computeMilliseconds = 0;
  const parts: Uint8Array[] = [];
  for (const message of messages) {
    if (message.kind === "contribution" || message.kind === "answer" || message.kind === "held-out")
      computeMilliseconds += message.computeMilliseconds;
    parts.push(writeRunMessage(message).finishPart());
  }
  const { runDigest, phase, round, slot, worker } = pack.task;
  const { cold, reads, bytesRead } = pack;
  return {
    kind: "pack",
    ...{ runDigest, phase, round, slot, worker },
    parts,
    computeMilliseconds,
    cold,
    ...(reads > 0 ? { reads } : {}),
    ...(bytesRead === undefined ? {} : { bytesRead }),
  };
}
