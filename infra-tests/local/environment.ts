/** Environments of processes: what a local cloud may see of ours, and what its clients need. */
import { delimiter } from "node:path";
import { nodeFolder } from "./paths.ts";

/** The account that both local clouds pretend to be. */
export const LOCAL_ACCOUNT = "000000000000";
/** One region everywhere: the one whose prices the project knows. */
export const LOCAL_REGION = "us-east-1";

export type Environment = Readonly<Record<string, string>>;

/**
 * A clean environment for a local cloud: its functions inherit whatever is in it, on one of them the whole, and a
 * person's profile or proxy has no business there. Everything that is written goes to `folder`.
 */
export function serverEnvironment(folder: string): Environment {
  return {
    // First on the path, as the clouds start whatever `node` comes first.
    PATH: `${nodeFolder}${delimiter}${process.env["PATH"] ?? ""}`,
    HOME: folder,
    TMPDIR: `${folder}/tmp`,
    XDG_CACHE_HOME: `${folder}/cache`,
    LANG: "C.UTF-8",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONUNBUFFERED: "1",
  };
}

/** The variables with which an AWS client reaches a local cloud. The keys open nothing. */
export function clientEnvironment(endpoint: string): Environment {
  return {
    AWS_ENDPOINT_URL: endpoint,
    // Some clients make a host name of the bucket unless the endpoint of S3 is given apart.
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    // Never ask a network for credentials.
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** This process's environment as a child should have it: the project's Node first, and of AWS only what is given. */
export function childEnvironment(variables: Environment): Environment {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("AWS_"),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: `${nodeFolder}${delimiter}${process.env["PATH"] ?? ""}`,
    ...variables,
  };
}

/**
 * Is this the address of this very machine? Whatever deploys with fake keys asks first: a forgotten endpoint would send
 * it to AWS.
 */
export function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
