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

/** Invocations at one time that the account allows in this region, those reserved by functions left out. */
export async function unreservedConcurrency(): Promise<number> {
  const client = new LambdaClient(commandLineClient());
  try {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
    return AccountLimit?.UnreservedConcurrentExecutions ?? AccountLimit?.ConcurrentExecutions ?? 0;
  } catch (error) {
    throw explainAwsError(error, "Lambda GetAccountSettings");
  }
}
