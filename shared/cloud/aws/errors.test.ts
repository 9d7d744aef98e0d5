import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createSystemClock } from "./clock.ts";
import { explainAwsError } from "./errors.ts";
import { createS3ObjectStore } from "./object-store.ts";
import { s3Error, startFakeService } from "./testing/fake-service.ts";

afterEach(() => vi.unstubAllEnvs());

/** As the SDK throws what a service answers with status 403. */
function refused(name: string, message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 403, attempts: 1 } });
}

describe("a clock that is wrong", () => {
  it.each([
    [
      "Signature expired: 20261127T110000Z is now earlier than 20261127T115500Z (20261127T120000Z - 5 min.)",
      "wrong by 60 minutes: behind",
    ],
    [
      "Signature not yet current: 20261127T230000Z is still later than 20261127T120500Z (20261127T120000Z + 5 min.)",
      "wrong by 11 hours: ahead",
    ],
    [
      "Signature expired: 20261120T120000Z is now earlier than 20261127T115500Z (20261127T120000Z - 5 min.)",
      "wrong by 7 days: behind",
    ],
  ])("is told with its direction: %s", (message, said) => {
    for (const name of ["InvalidSignatureException", "SignatureDoesNotMatch"]) {
      const explained = explainAwsError(refused(name, message), "STS") as Error;
      expect(explained.message).toContain(`STS: this machine's clock is ${said}; set it right (${name}: `);
    }
  });

  it("is told by the fields of S3's error, too", async () => {
    const service = await startFakeService(
      () =>
        s3Error(
          403,
          "RequestTimeTooSkewed",
          "<RequestTime>20261127T120000Z</RequestTime><ServerTime>2026-11-27T11:40:00Z</ServerTime>",
        ),
      { maxAttempts: 1 },
    );
    const store = createS3ObjectStore(service.clients.s3, "bucket", createSystemClock());
    await expect(store.get("k")).rejects.toThrow(
      /this machine's clock is wrong by 20 minutes: ahead; set it right/,
    );
    await service.close();
  });

  it("is not what a wrong secret is taken for", () => {
    const wrong = refused("SignatureDoesNotMatch", "The request signature we calculated does not match");
    expect((explainAwsError(wrong, "S3") as Error).message).toContain(
      "AWS does not accept these credentials",
    );
  });
});

describe("a session that is signed in by IAM Identity Center", () => {
  it.each([
    [
      "with a named session",
      "sso_session = work\n[sso-session work]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n",
    ],
    ["of the older kind", "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"],
  ])("that never began is explained by the command that begins it: %s", async (_, session) => {
    const folder = mkdtempSync(join(tmpdir(), "marina-sso-"));
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
    vi.stubEnv("HOME", folder);
    vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "credentials"));
    vi.stubEnv("AWS_PROFILE", "p");
    const profile = `[profile p]\nregion = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = r\n${session}`;
    writeFileSync(join(folder, "config"), profile);
    const client = new SQSClient({ maxAttempts: 1 });
    const error = await client
      .send(new GetQueueUrlCommand({ QueueName: "q" }))
      .catch((thrown: unknown) => thrown);
    expect(explainAwsError(error, "SQS GetQueueUrl")).toMatchObject({
      code: "access",
      message: expect.stringContaining(
        "SQS GetQueueUrl: the SSO session of profile p has expired or never began; sign in: aws sso login --profile p",
      ),
    });
    client.destroy();
    rmSync(folder, { recursive: true });
  });

  it.each([
    "The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.",
    "Token is expired. To refresh this SSO session run 'aws sso login' with the corresponding profile.",
    "Session token not found or invalid",
  ])("that has ended likewise: %s", (message) => {
    vi.stubEnv("AWS_PROFILE", undefined);
    const error = Object.assign(new Error(message), { name: "CredentialsProviderError" });
    expect((explainAwsError(error, "S3") as Error).message).toContain("aws sso login --profile default (");
  });

  it("is not what no credentials at all are taken for", () => {
    const error = Object.assign(new Error("Could not load credentials from any providers"), {
      name: "CredentialsProviderError",
    });
    expect((explainAwsError(error, "S3") as Error).message).toContain(
      "found no AWS credentials; set AWS_PROFILE",
    );
  });
});
