/** Who may talk to the server of `marina watch`: a browser on this machine that was given its address, nobody else. */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * The path within the server's secret, or undefined for a request that gets nothing: another Host (a foreign name
 * that resolves to this machine), another origin (a page elsewhere), or a wrong token.
 */
export function admitted(request: IncomingMessage, port: number, token: string): string | undefined {
  const { host, origin, "sec-fetch-site": site } = request.headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return undefined;
  if (origin !== undefined && origin !== `http://${host}`) return undefined;
  if (site !== undefined && site !== "none" && site !== "same-origin") return undefined;
  // What changes something must prove that it comes from the page.
  if (request.method !== "GET" && origin === undefined) return undefined;
  const [, given = "", ...rest] = (request.url ?? "").split("/");
  return sameText(given, token) ? rest.join("/") : undefined;
}

function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
