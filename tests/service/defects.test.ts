/** A defect of the program, wherever it shows in the aggregator, ends the run with a result that says so. */
import { describe, expect, it } from "vitest";
import { resumeRun } from "../../client/launch.ts";
import type { Ports } from "../../shared/cloud/ports.ts";
import type { Spending } from "../../shared/cost/spending.ts";
import { checkpointKey, contributionsQueueName, resultKey } from "../../shared/protocol/keys.ts";
import { decodeCheckpoint } from "../../shared/protocol/stored/checkpoint.ts";
import { decodeResult } from "../../shared/protocol/stored/result.ts";
import { createSabotagedService, NOTHING_SPENT } from "../fixtures/crashing.ts";
import { oracleOf, ROUNDS, specOf } from "../fixtures/methods.ts";
import { resultOf, runToEnd, serviceWith } from "../fixtures/service.ts";

const RUN = "r";

/** Throws what a defect throws, as long as it is there. */
interface Defect {
  present: boolean;
  strike(): void;
}

type Sabotage = (ports: Ports, defect: Defect) => Partial<Ports>;

function statusOf(key: string, body: Uint8Array): string | undefined {
  if (key === checkpointKey(RUN)) return decodeCheckpoint(body, key).status;
  return key === resultKey(RUN) ? decodeResult(body, key).status : undefined;
}

/** Where the defect shows, and whether the run's end could be stored in its checkpoint all the same. */
const places: Readonly<Record<string, { readonly sabotage: Sabotage; readonly stored: boolean }>> = {
  "when the lease is taken": {
    sabotage: ({ queues }, defect) => ({
      queues: {
        ...queues,
        async extend(queue, receipt, seconds) {
          defect.strike();
          return queues.extend(queue, receipt, seconds);
        },
      },
    }),
    stored: false,
  },
  "when the checkpoint is read": {
    sabotage: ({ objects }, defect) => ({
      objects: {
        ...objects,
        async get(key, options) {
          if (key === checkpointKey(RUN)) defect.strike();
          return objects.get(key, options);
        },
      },
    }),
    stored: false,
  },
  "when the run's queue is made": {
    sabotage: ({ queues }, defect) => ({
      queues: {
        ...queues,
        async create(name, options) {
          defect.strike();
          return queues.create(name, options);
        },
      },
    }),
    stored: true,
  },
  "in the middle of a round": {
    sabotage: ({ compute }, defect) => ({
      compute: {
        async run(work, step) {
          defect.strike();
          return compute.run(work, step);
        },
      },
    }),
    stored: true,
  },
  "when the last checkpoint of a run that has ended is written": {
    sabotage: ({ objects }, defect) => ({
      objects: {
        ...objects,
        async put(key, body, condition) {
          if (key === checkpointKey(RUN) && statusOf(key, body) !== "running") defect.strike();
          return objects.put(key, body, condition);
        },
      },
    }),
    stored: false,
  },
  "when the result of a run that is done is written": {
    sabotage: ({ objects }, defect) => ({
      objects: {
        ...objects,
        async put(key, body, condition) {
          if (key === resultKey(RUN) && statusOf(key, body) === "done") defect.strike();
          return objects.put(key, body, condition);
        },
      },
    }),
    stored: false,
  },
};

async function sabotaged(sabotage: Sabotage, spendingOf: (defect: Defect) => Spending = () => NOTHING_SPENT) {
  const defect: Defect = {
    present: true,
    strike() {
      if (this.present) throw new TypeError("a defect");
    },
  };
  const service = createSabotagedService(
    { seed: 1, latencies: "none" },
    (ports) => ({ ...ports, ...sabotage(ports, defect) }),
    () => spendingOf(defect),
  );
  const { objects } = service.cloud.client;
  const filled = (await serviceWith()).cloud.client.objects;
  for (const key of await filled.list("")) await objects.put(key, (await filled.get(key)).body);
  return { service, objects, defect };
}

/** What the command line does when the program was put right. */
async function goOn({ service, objects, defect }: Awaited<ReturnType<typeof sabotaged>>) {
  defect.present = false;
  const { control } = await resumeRun(objects, RUN);
  await service.control(control);
  return service.cloud.run(resultOf(service, RUN));
}

describe("a defect of the aggregator", () => {
  it.each(Object.entries(places))(
    "%s fails the run at the last delivery of its message; when it is repaired the run goes on to the same bits",
    async (_place, { sabotage, stored }) => {
      const around = await sabotaged(sabotage);
      const failed = await runToEnd(around.service, RUN, specOf("marina"));
      expect(failed).toMatchObject({ status: "failed", stoppedBy: "error" });
      expect(failed.error).toMatch(/^unexpected error: TypeError: a defect\n/);
      expect(failed.provisional).toBe(stored ? undefined : true);
      expect(around.service.tenures()).toBe(5);
      expect(around.service.cloud.queue(around.service.controlDeadLetters).waiting).toBe(0);

      const done = await goOn(around);
      expect(done).toMatchObject({
        status: "done",
        rounds: ROUNDS,
        error: null,
        iterateSha256: (await oracleOf("marina")).sha256,
      });
      expect(done.provisional).toBeUndefined();
    },
  );

  it.each([
    [
      "before the run is loaded",
      (defect: Defect): Spending => {
        defect.strike();
        return NOTHING_SPENT;
      },
    ],
    [
      "when the ending is priced",
      (defect: Defect): Spending => ({
        ...NOTHING_SPENT,
        usd(ahead) {
          if (ahead !== undefined) defect.strike();
          return 0;
        },
      }),
    ],
  ] as const)("in the run's account, %s, fails the run likewise", async (_when, spendingOf) => {
    const around = await sabotaged(() => ({}), spendingOf);
    const failed = await runToEnd(around.service, RUN, specOf("marina"));
    expect(failed).toMatchObject({ status: "failed", provisional: true });
    expect(failed.error).toMatch(/^unexpected error: TypeError: a defect\n/);
    const done = await goOn(around);
    expect(done).toMatchObject({ status: "done", iterateSha256: (await oracleOf("marina")).sha256 });
  });

  it("that shows only when the run's queue is deleted takes nothing from a run that is done", async () => {
    const around = await sabotaged(({ queues }, defect) => ({
      queues: {
        ...queues,
        async destroy(queue) {
          defect.strike();
          return queues.destroy(queue);
        },
      },
    }));
    const { service, objects } = around;
    const done = await runToEnd(service, RUN, specOf("marina"));
    expect(done).toMatchObject({ status: "done", iterateSha256: (await oracleOf("marina")).sha256 });
    await service.cloud.run(service.cloud.clock.sleep(3_600_000));
    const { body } = await objects.get(resultKey(RUN));
    expect(decodeResult(body, resultKey(RUN))).toEqual(done);
    await service.cloud.client.queues.address(contributionsQueueName("marina-", RUN));
  });
});
