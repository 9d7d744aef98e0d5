/** What AWS's JSON protocols sign of where a request goes: a POST to the service's root. */
export function signingTarget(url: URL) {
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    method: "POST",
    path: "/",
    query: {},
  };
}
