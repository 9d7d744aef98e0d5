/** A run as somebody watches it on the deployed service: the command, its page's address, and what the page is told. */
import { type Started, start } from "../../../tests/fixtures/cli.ts";
import { DEFAULT_STACK_NAME } from "../../local/deploy.ts";
import type { TestCloud } from "../global-setup.ts";

/** What the page is told with every look. */
export interface News {
  readonly state: string;
  readonly ended: boolean;
  readonly data: { readonly runs: readonly { readonly rounds: number; readonly status: string }[] };
}

export interface Watched extends Started {
  readonly url: string;
}

/** Starts `marina watch` and waits for its address. @throws Error with what it said instead. */
export async function watch({ kind }: TestCloud, run: string, cwd: string): Promise<Watched> {
  const stack = process.env["MARINA_TEST_STACK"] ?? DEFAULT_STACK_NAME;
  const on = kind === "aws" ? "aws" : "localstack";
  const started = start(["watch", run, "--on", on, "--stack", stack], { cwd });
  const { stdout } = started.child;
  if (stdout === null) throw new Error("expected the command's output");
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    stdout.on("data", (text: string) => {
      said += text;
      const found = /http:\S+/.exec(said);
      if (found !== null) resolve(found[0]);
    });
    void started.outcome.then((outcome) => reject(new Error(`marina watch ended: ${outcome.stderr}`)));
  });
  return { ...started, url };
}

/** All news until the run has ended. */
export async function newsOf(url: string): Promise<News[]> {
  const all: News[] = [];
  const { body } = await fetch(`${url}events`);
  if (body === null) throw new Error("expected a stream of events");
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      if (!event.startsWith("event: report\n")) continue;
      all.push(JSON.parse(event.slice(event.indexOf("data: ") + "data: ".length)) as News);
      if (all.at(-1)!.ended) return all;
    }
  }
  return all;
}

/** As the page's buttons do. */
export function press(url: string, action: "stop" | "scale", body = ""): Promise<Response> {
  return fetch(`${url}${action}`, { method: "POST", body, headers: { origin: new URL(url).origin } });
}
