/**
 * What a stack on an emulator of AWS goes without, all in one place. Everything else is as on AWS, so that what is tried
 * locally is what is deployed.
 */

export interface Surroundings {
  /** Policies that deny requests without TLS. Emulators speak plain HTTP on the loopback interface. */
  readonly enforceSsl: boolean;
  /** The custom resource that empties the bucket of a stack being destroyed. Emulators fail on it; their state is in memory. */
  readonly emptyBucket: boolean;
  /** The rules of cdk-nag, which ask for the above. */
  readonly nag: boolean;
}

export const ON_AWS: Surroundings = { enforceSsl: true, emptyBucket: true, nag: true };
export const LOCAL: Surroundings = { enforceSsl: false, emptyBucket: false, nag: false };
