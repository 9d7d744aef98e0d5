/** Errors as text. */
import { MarinaError } from "./errors.ts";

/** What a person reads: the message of an error made for people, what the system says, the stack of a defect. */
export function describeError(error: unknown): string {
  if (error instanceof MarinaError) return `marina: ${error.message}`;
  if (isSystemError(error)) return `marina: ${systemText(error)}`;
  if (error instanceof Error)
    return `marina: unexpected error, please report it: ${error.stack ?? error.message}`;
  return `marina: unexpected error: ${String(error)}`;
}

/** What the user's file system refuses is no defect of the program. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    "syscall" in error &&
    "code" in error &&
    ADVICE[String(error.code)] !== undefined
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free some space and run the same again",
  EDQUOT: "the disk quota is used up: free some space and run the same again",
  EFBIG: "the file is larger than the file system or its limits (ulimit -f) allow: give another place",
  EROFS: "the file system is read-only: give another place",
  EACCES: "permission denied: give another place, or change its owner",
  EPERM: "permission denied: give another place, or change its owner",
  ENOTDIR: "a file is where a folder is needed: give another place",
  EEXIST: "there is something of that name: give another place",
  EISDIR: "a folder is where a file is needed: give another name",
  ENOENT: "no such file or folder",
  ENAMETOOLONG: "the name is too long: give a shorter one",
  EMFILE: "too many files are open: raise the limit (ulimit -n)",
  EIO: "the disk gives an error",
};

const VERBS: Readonly<Record<string, string>> = {
  mkdir: "make",
  write: "write",
  rename: "write",
  scandir: "list",
  unlink: "remove",
  rm: "remove",
};

/** In one line: what can't be done with which file, why, and what to do. */
export function systemText(error: NodeJS.ErrnoException, path = error.path): string {
  return `can't ${VERBS[error.syscall ?? ""] ?? "open"} ${path ?? "a file"}: ${ADVICE[error.code ?? ""] ?? error.message}`;
}
