/** The ports' adapters for AWS: the only files that import an AWS SDK. */
export { createFunctionClients } from "./clients.ts";
export { type MetricName, metricSums } from "./cloudwatch-metrics.ts";
export { requiredCount, requiredVariable } from "./environment.ts";
export { lambdaHandler } from "./function.ts";
export {
  type AccountConcurrency,
  accountConcurrency,
  type FunctionLimits,
  functionLimits,
} from "./function-limits.ts";
export { type LogLine, logGroupOf, logLines } from "./function-logs.ts";
export { createLambdaLog } from "./log.ts";
export { secondsSinceWrite } from "./object-age.ts";
export { createObjectFiles, type ObjectFile, type ObjectFiles } from "./object-file.ts";
export { lastModified } from "./object-time.ts";
export { createAwsPorts } from "./ports.ts";
export { fetchThroughProxy } from "./proxy.ts";
export { messagesIn } from "./queue-load.ts";
export { createSdkClients } from "./sdk-clients.ts";
export { type DeployedStack, findStack } from "./stack.ts";
export { type StoredFile, storedObjects } from "./stored-objects.ts";
