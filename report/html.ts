/** Text within a page: nothing from a run is ever read as markup. */
import { createHash } from "node:crypto";

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** JSON that can't end its element, nor open a comment in it. */
export function jsonInside(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** A program's text that can't end its element: the same program, since "</script" occurs in strings only. */
export function insideScript(program: string): string {
  return program.replaceAll(/<(?=\/script|!--)/gi, "\\x3c");
}

export function sha256Base64(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

/** Everything before the body. @param policy what the page may load and send */
export function pageHead({ title, policy, style }: { title: string; policy: string; style: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
`;
}
