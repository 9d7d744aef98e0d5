/** Asking a person before something is done that can't be taken back. */
import { createInterface } from "node:readline/promises";

/** Who is asked. */
export interface Terminal {
  readonly interactive: boolean;
  readonly say: (line: string) => void;
  readonly ask: (question: string) => Promise<string>;
}

export const STANDARD_TERMINAL: Terminal = {
  get interactive() {
    return process.stdin.isTTY === true;
  },
  say: (line) => console.error(line),
  async ask(question) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  },
};

export function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim());
}
