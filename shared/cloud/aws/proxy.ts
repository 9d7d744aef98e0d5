/**
 * The command line's way through a proxy: HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or in small letters), by Node's own agents,
 * which tunnel HTTPS with CONNECT. The functions know of no proxy: they are where the services are.
 */
import http from "node:http";
import https from "node:https";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { MarinaError } from "../../base/index.ts";
import { type ClientOptions, connections, DIRECT } from "./clients.ts";

/** A local cloud on this machine is not behind a proxy. */
const LOOPBACK = "127.0.0.1,localhost,::1,[::1]";

/** The variables as Node's agents take them; undefined where none names a proxy. @throws MarinaError "usage" that names it */
export function proxyVariables(env: NodeJS.ProcessEnv = process.env): http.ProxyEnv | undefined {
  const variable = (name: string): string | undefined =>
    addressOf(name.toLowerCase(), env) ?? addressOf(name, env);
  const [forHttps, forHttp] = [variable("HTTPS_PROXY"), variable("HTTP_PROXY")];
  if (forHttps === undefined && forHttp === undefined) return undefined;
  const except = env["no_proxy"] || env["NO_PROXY"];
  return {
    ...(forHttps === undefined ? {} : { HTTPS_PROXY: forHttps }),
    ...(forHttp === undefined ? {} : { HTTP_PROXY: forHttp }),
    NO_PROXY: except === undefined ? LOOPBACK : `${except},${LOOPBACK}`,
  };
}

function addressOf(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const value = env[name]?.trim();
  if (value === undefined || value === "") return undefined;
  const address = value.includes("://") ? value : `http://${value}`;
  if (/^https?:\/\/[^/\s]/.test(address) && URL.canParse(address)) return address;
  // What it is may hold a password.
  throw new MarinaError(
    "usage",
    `environment variable ${name}: expected the address of an HTTP proxy, e.g. http://proxy.example.com:3128, got another text; set it right, or unset it`,
  );
}

/** What the command line's clients have besides what all have: nothing where there is no proxy. */
export function throughProxy(): Pick<ClientOptions, "agents" | "credentials"> {
  const proxyEnv = proxyVariables();
  if (proxyEnv === undefined) return {};
  const agents = {
    httpAgent: new http.Agent({ ...DIRECT.httpAgent, proxyEnv }),
    httpsAgent: new https.Agent({ ...DIRECT.httpsAgent, proxyEnv }),
  };
  // Signing in has clients of its own.
  const requestHandler = new NodeHttpHandler(connections(agents));
  return { agents, credentials: defaultProvider({ clientConfig: { requestHandler } }) };
}

/** A client for a few requests of the command line. */
export function commandLineClient() {
  const { agents, credentials } = throughProxy();
  if (agents === undefined || credentials === undefined) return { maxAttempts: 3 };
  return { maxAttempts: 3, credentials, requestHandler: new NodeHttpHandler(connections(agents)) };
}

/** For what this process asks without a client of the SDK: `fetch`. */
export function fetchThroughProxy(): void {
  const proxyEnv = proxyVariables();
  if (proxyEnv === undefined) return;
  if (typeof http.setGlobalProxyFromEnv !== "function") {
    throw new MarinaError(
      "usage",
      `HTTPS_PROXY, HTTP_PROXY: expected Node 24.14 or newer, which can go through a proxy, got ${process.version}; update it, or unset these`,
    );
  }
  http.setGlobalProxyFromEnv(proxyEnv);
}
