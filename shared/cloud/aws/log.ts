/** The operator's log: JSON lines, as CloudWatch Logs Insights reads them. */
import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../index.ts";

/**
 * Lines cost about as much as requests, so only warnings are written unless POWERTOOLS_LOG_LEVEL says otherwise.
 *
 * @param service which of the two functions
 * @returns the port, and what ties the lines of an invocation to its request
 */
export function createLambdaLog(service: string): Log & { begin(requestId: string): void } {
  const logger = new Logger({
    serviceName: service,
    ...(process.env.POWERTOOLS_LOG_LEVEL === undefined ? { logLevel: "WARN" } : {}),
  });
  return {
    begin: (requestId) => logger.appendKeys({ requestId }),
    info: (event, fields) => logger.info(event, { ...fields }),
    warn: (event, fields) => logger.warn(event, { ...fields }),
  };
}
