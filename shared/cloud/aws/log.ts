/** The operator's log: JSON lines, as CloudWatch Logs Insights reads them. */
import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../index.ts";

/** From the least to the most severe, as POWERTOOLS_LOG_LEVEL names them. */
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL", "SILENT"];

/**
 * Lines cost about as much as requests, so only warnings are written unless POWERTOOLS_LOG_LEVEL says otherwise. This is
 * decided here: for the logger Lambda's own level (AWS_LAMBDA_LOG_LEVEL) goes first, and that one must stay INFO, since
 * metrics are lines without a level, which Lambda takes for INFO.
 *
 * @param service which of the two functions
 * @returns the port, and what ties the lines of an invocation to its request
 */
export function createLambdaLog(service: string): Log & { begin(requestId: string): void } {
  const wanted = process.env.POWERTOOLS_LOG_LEVEL?.toUpperCase() ?? "";
  const from = LEVELS.indexOf(LEVELS.includes(wanted) ? wanted : "WARN");
  const writes = (level: "INFO" | "WARN"): boolean => LEVELS.indexOf(level) >= from;
  const logger = new Logger({ serviceName: service, logLevel: "INFO" });
  return {
    begin: (requestId) => logger.appendKeys({ requestId }),
    info: (event, fields) => {
      if (writes("INFO")) logger.info(event, { ...fields });
    },
    warn: (event, fields) => {
      if (writes("WARN")) logger.warn(event, { ...fields });
    },
  };
}
