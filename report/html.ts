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
