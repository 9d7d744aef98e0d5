/** Results on standard output: for people, or for programs with `--json`. */

export interface PrintOptions {
  readonly json?: boolean;
}

/**
 * One result: its text, or one JSON object in one line. With `--json` nothing else is on standard output; several objects
 * come where a command tells of what goes on, each in a line of its own.
 */
export function print({ json }: PrintOptions, value: object, text: () => string): void {
  process.stdout.write(`${json === true ? JSON.stringify(value) : text()}\n`);
}

/** What people read beside the result: with `--json` it is out of the way. */
export function remark({ json }: PrintOptions, text: string): void {
  if (json === true) process.stderr.write(`${text}\n`);
  else process.stdout.write(`${text}\n`);
}
