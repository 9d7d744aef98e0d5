/** What everything stands on: errors, schema issues as text, formats of numbers. */
export { type CsvCell, csv, csvLine } from "./csv.ts";
export { describeError, isSystemError, systemText } from "./describe-error.ts";
export { type ErrorCode, MarinaError, MessageError, NonFiniteError } from "./errors.ts";
export { bytes, dollars, megabits, seconds, short } from "./format.ts";
export { MARINA } from "./invocation.ts";
export { nearest } from "./nearest.ts";
export { shellWord } from "./shell-word.ts";
export { checked, type Stored, stored } from "./stored.ts";
export { NOT_YET, type Waiting, waitFor } from "./wait.ts";
