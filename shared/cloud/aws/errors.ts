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

/** How often the SDK sent the request that this is the error of; 1 where it does not say. */
export function attemptsOf(error: unknown): number {
  return failureOf(error)?.attempts ?? 1;
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

  if (NO_CREDENTIALS.has(name) && isSignIn(failure.message)) {
    const profile = process.env["AWS_PROFILE"] || "default";
    return access(
      `the SSO session of profile ${profile} has expired or never began; sign in: aws sso login --profile ${profile}`,
    );
  }
  if (NO_CREDENTIALS.has(name)) {
    return access(
      "found no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with the AWS CLI",
    );
  }
  if (name === "Error" && failure.message.includes("Region is missing")) {
    return access(
      "no AWS region is configured; set AWS_REGION, AWS_DEFAULT_REGION, or the region of your profile",
    );
  }
  if (EXPIRED.has(name)) return access("the AWS credentials have expired; sign in again");
  const skew = clockSkew(error, failure);
  if (skew !== undefined || CLOCK.has(name)) {
    return access(`this machine's clock is ${skew ?? "wrong by minutes"}; set it right`);
  }
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

/** The SDK's words for a session with IAM Identity Center that is not there any more, or not yet; and that service's. */
function isSignIn(message: string): boolean {
  return /sso session|aws sso login|session token not found or invalid/i.test(message);
}

/**
 * By how much this machine's clock differs from the service's, as the service tells it; undefined where it does not.
 *
 *     Signature expired: <signed> is now earlier than <least> (<service's time> - 5 min.)
 *     Signature not yet current: <signed> is still later than <most> (<service's time> + 5 min.)
 *
 * S3 tells both times in fields of the error.
 */
function clockSkew(error: unknown, { message }: Failure): string | undefined {
  const time = String.raw`(\d{8}T\d{6}Z)`;
  const told = new RegExp(`^Signature .*?: ${time} is .* \\(${time} [-+]`).exec(message);
  const signed = timeOf(told?.[1] ?? property(error, "RequestTime"));
  const service = timeOf(told?.[2] ?? property(error, "ServerTime"));
  if (signed === undefined || service === undefined) return undefined;
  const seconds = Math.round((signed - service) / 1000);
  const size = Math.abs(seconds);
  const [unit, count] =
    size < 120
      ? ["seconds", size]
      : size < 7200
        ? ["minutes", size / 60]
        : size < 172_800
          ? ["hours", size / 3600]
          : ["days", size / 86_400];
  return `wrong by ${Math.round(count as number)} ${unit}: ${seconds < 0 ? "behind" : "ahead"}`;
}

/** Milliseconds since 1970 of a time in ISO 8601, basic or extended. */
function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const extended = value.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, "$1-$2-$3T$4:$5:$6Z");
  const time = Date.parse(extended);
  return Number.isNaN(time) ? undefined : time;
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
