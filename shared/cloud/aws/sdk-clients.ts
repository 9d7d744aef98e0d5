/** The clients of a process that is no function: the command line's. */
import { NodeHttpHandler } from "@smithy/node-http-handler";
import {
  type AwsClients,
  type ClientOptions,
  commonConfig,
  configuredEndpoint,
  connections,
  createS3Client,
} from "./clients.ts";
import { throughProxy } from "./proxy.ts";
import { createSdkSqs } from "./sqs-sdk.ts";

/** Everything by the SDK, which is at home where profiles, sign-ins and regions differ from machine to machine. */
export function createSdkClients(given: ClientOptions = {}): AwsClients {
  const options = { ...throughProxy(), ...given };
  const endpoint = options.endpoint ?? configuredEndpoint("SQS");
  return {
    s3: createS3Client(options),
    sqs: createSdkSqs({
      ...commonConfig(options),
      // An emulator's queue URLs may carry a host name that does not resolve here.
      ...(endpoint === undefined ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
      requestHandler: new NodeHttpHandler({ ...connections(options.agents), throwOnRequestTimeout: true }),
      // Every body is a frame with its own CRC-32, or JSON over TLS: hashing it once more would only cost CPU.
      md5: false,
    }),
  };
}
