/** From what the AWS SDK throws to errors made for people. */
import { MarinaError } from "../../base/index.ts";

/** What is read of an error of the SDK; none of it is promised by its types. */
interface Failure {
  readonly name: string;
  readonly message: string;
  /** Node's code of a failed connection, e.g. ECONNRESET. */
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly attempts: number | undefined;
  /** The region that a bucket is said to be in. */
  readonly region: string | undefined;
}

const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"]);
const REFUSED_CREDENTIALS = new Set([
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "InvalidToken",
  "SignatureDoesNotMatch",
  "InvalidSignatureException",
  "UnrecognizedClientException",
  "IncompleteSignature",
  "MissingAuthenticationToken",
]);
const NO_CREDENTIALS = new Set(["CredentialsProviderError", "TokenProviderError"]);
const DENIED = new Set(["AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AccountProblem"]);
const ELSEWHERE = new Set([
  "PermanentRedirect",
  "Redirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
]);
const CLOCK = new Set(["RequestTimeTooSkewed", "RequestInTheFuture"]);
const BUSY = new Set([
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "KmsThrottled",
  "OverLimit",
  "ServiceUnavailable",
  "InternalError",
  "InternalFailure",
  "RequestTimeout",
  "RequestTimeoutException",
  "TimeoutError",
  "AbortError",
  "OperationAborted",
]);
const NETWORK = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** The name by which the service calls an error; "" when it is none of the service's. */
export function errorName(error: unknown): string {
  return failureOf(error)?.name ?? "";
}

/** The HTTP status of an error of the service. */
export function errorStatus(error: unknown): number | undefined {
  return failureOf(error)?.status;
}

/**
 * What to throw in the place of an error of the SDK. Errors that are none of AWS's or the network's, and those already
 * explained, come back as they are: a defect keeps its stack.
 *
 * @param what the operation and its object, e.g. `S3 GetObject s3://bucket/key`
 */
export function explainAwsError(error: unknown, what: string): unknown {
  if (error instanceof MarinaError) return error;
  const failure = failureOf(error);
  if (failure === undefined) return error;
  const { name, status, code } = failure;
  const said = `${name}${failure.message === "" ? "" : `: ${oneLine(failure.message)}`}`;
  const access = (advice: string): MarinaError =>
    new MarinaError("access", `${what}: ${advice} (${said})`, { cause: error });

  if (NO_CREDENTIALS.has(name)) {
    return access(
      "found no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with the AWS CLI",
    );
  }
  if (name === "Error" && failure.message.includes("Region is missing")) {
    return access("no AWS region is configured; set AWS_REGION, or the region of your profile");
  }
  if (EXPIRED.has(name)) return access("the AWS credentials have expired; sign in again");
  if (CLOCK.has(name)) return access("this machine's clock is wrong by minutes; set it right");
  if (REFUSED_CREDENTIALS.has(name)) {
    return access(
      "AWS does not accept these credentials; check the access key, its secret and the session token",
    );
  }
  if (ELSEWHERE.has(name) || status === 301) {
    const where = failure.region === undefined ? "another region" : failure.region;
    return access(`the bucket lies in ${where}; set AWS_REGION to the region of the stack`);
  }
  if (name === "NoSuchBucket") {
    return access(
      "there is no such bucket; was the stack deployed to this account and region, and not deleted since?",
    );
  }
  if (DENIED.has(name) || status === 403) {
    return access("access denied; the credentials in use lack the permission for it");
  }
  if (BUSY.has(name) || (status !== undefined && (status >= 500 || status === 429)) || isNetwork(code)) {
    const tries = failure.attempts === undefined ? "" : ` after ${failure.attempts} attempts`;
    return new MarinaError("unavailable", `${what}: no success${tries} (${said})`, { cause: error });
  }
  if (status === undefined) {
    // No answer came, for a reason that has no name here (a certificate, a proxy): the SDK's count of attempts tells that
    // it was a request. A defect keeps its stack.
    if (failure.attempts === undefined || error instanceof TypeError || error instanceof ReferenceError)
      return error;
    return new MarinaError("unavailable", `${what}: no answer (${said})`, { cause: error });
  }
  // What is left was refused for what it says: asking again would not help.
  return new MarinaError("usage", `${what}: refused with status ${status} (${said})`, { cause: error });
}

function isNetwork(code: string | undefined): boolean {
  return code !== undefined && NETWORK.has(code);
}

function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const metadata = property(error, "$metadata");
  const response = property(error, "$response");
  const headers = property(response, "headers");
  const region = property(headers, "x-amz-bucket-region") ?? property(error, "Region");
  return {
    // The query-compatible protocol of SQS puts the old name of an error into `Code`.
    name:
      error.name === "Error" || error.name === ""
        ? (text(property(error, "Code")) ?? error.name)
        : error.name,
    message: error.message,
    code: text(property(error, "code")),
    status: number(property(metadata, "httpStatusCode")),
    attempts: number(property(metadata, "attempts")),
    region: text(region),
  };
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Errors are one line: what a service says may be several. */
function oneLine(message: string): string {
  return message.replace(/\s+/g, " ").trim();
}
