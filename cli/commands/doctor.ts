import { engineCommand } from "../flags/command.ts";
import { latencies } from "../flags/latencies.ts";

export const command = engineCommand("doctor")
  .argument("[spec]", "also: is this spec fit for the stack, and what will it cost")
  .option(
    "--before-deploy",
    "without a stack: the account's concurrency on aws, and what to deploy with (asks for lambda:GetAccountSettings only)",
  )
  .addOption(latencies())
  .action(async (spec: string | undefined, options) =>
    (await import("../actions/doctor.ts")).doctor(spec, options),
  );
