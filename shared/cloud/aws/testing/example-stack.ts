/** For tests: a deployed stack as the command line finds it. */
import type { QueueAddress } from "../../ports.ts";
import type { DeployedStack } from "../stack.ts";

export function exampleStack(region: string): DeployedStack {
  const queue = (name: string) => `https://sqs.${region}.amazonaws.com/123456789012/${name}` as QueueAddress;
  return {
    name: "Marina",
    account: "123456789012",
    region,
    bucket: "marina-data",
    taskQueue: queue("Marina-Tasks"),
    controlQueue: queue("Marina-Control.fifo"),
    controlDeadLetters: queue("Marina-Dead.fifo"),
    queuePrefix: "Marina_",
    workerFunction: "Marina-worker",
    aggregatorFunction: "Marina-aggregator",
    workerMemoryMb: 1769,
    aggregatorMemoryMb: 1769,
    workerConcurrency: 900,
    architecture: "arm64",
  };
}
