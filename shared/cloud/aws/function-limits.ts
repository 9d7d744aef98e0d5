/** What the account allows the functions. */
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { explainAwsError } from "./errors.ts";
import { commandLineClient } from "./proxy.ts";

export interface FunctionLimits {
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Reserved for this function; undefined where none is. */
  readonly reservedConcurrency: number | undefined;
  readonly state: string;
}

export async function functionLimits(functionName: string): Promise<FunctionLimits> {
  const client = new LambdaClient(commandLineClient());
  const of = { FunctionName: functionName };
  try {
    const [configuration, concurrency] = await Promise.all([
      client.send(new GetFunctionConfigurationCommand(of)),
      client.send(new GetFunctionConcurrencyCommand(of)),
    ]);
    return {
      timeoutSeconds: configuration.Timeout ?? 0,
      memoryMb: configuration.MemorySize ?? 0,
      reservedConcurrency: concurrency.ReservedConcurrentExecutions,
      state: configuration.State ?? "unknown",
    };
  } catch (error) {
    throw explainAwsError(error, `Lambda GetFunctionConfiguration ${functionName}`);
  }
}

export interface AccountConcurrency {
  readonly region: string;
  /** Invocations that the account may run concurrently in this region. */
  readonly quota: number;
  /** Those of them that no function has reserved. */
  readonly unreserved: number;
}

/** @throws MarinaError "usage" without a region */
export async function accountConcurrency(): Promise<AccountConcurrency> {
  const client = new LambdaClient(commandLineClient());
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
    const quota = AccountLimit?.ConcurrentExecutions ?? 0;
    const unreserved = AccountLimit?.UnreservedConcurrentExecutions ?? quota;
    return { region: await client.config.region(), quota, unreserved };
  } catch (error) {
    throw explainAwsError(error, "Lambda GetAccountSettings");
  }
}
