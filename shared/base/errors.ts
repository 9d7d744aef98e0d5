/** One error hierarchy: everything the project throws on purpose is a MarinaError with a code of its own. */
export type ErrorCode =
  | "usage"
  | "spec"
  | "data"
  | "not-found"
  | "precondition-failed"
  | "corrupt"
  | "version"
  | "message"
  | "non-finite"
  | "worker-failed"
  | "limit"
  | "lease-lost"
  /** Credentials, permissions, or where a bucket or queue lies: nothing that trying again could cure. */
  | "access"
  | "unavailable";

/** An error that says what was expected, what came, where, and what to do. */
export class MarinaError extends Error {
  override readonly name: string = "MarinaError";
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A NaN or an infinity where a finite number was needed. */
export class NonFiniteError extends MarinaError {
  override readonly name = "NonFiniteError";
  /** Position of the first bad entry. */
  readonly index: number;
  constructor(what: string, index: number, value: number) {
    super("non-finite", `${what}: entry ${index} is ${value}, expected a finite number`);
    this.index = index;
  }
}

/** Bytes that can't be what they should be. */
export class MessageError extends MarinaError {
  override readonly name = "MessageError";
  constructor(message: string, options?: ErrorOptions) {
    super("message", message, options);
  }
}
