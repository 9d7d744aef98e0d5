/** Environments share the object store, and what one of them does not get to must not hold up another. */
import { expect, it } from "vitest";
import { Meter } from "../../shared/cost/meter.ts";
import { VirtualClock } from "../clock/virtual-clock.ts";
import { NO_LATENCIES } from "../latency/latencies.ts";
import { RequestRate } from "../latency/request-rate.ts";
import { Chance } from "../latency/sampler.ts";
import { EmbeddedObjects } from "../objects/object-store.ts";
import { Machine } from "./environment-host.ts";
import { objectPort } from "./host-objects.ts";
import type { Services } from "./shared-services.ts";

it("a request of an environment that stands still does not hold up those that others make meanwhile", async () => {
  const clock = new VirtualClock();
  const services = {
    clock,
    chance: new Chance(1, NO_LATENCIES),
    profile: NO_LATENCIES,
    objects: new EmbeddedObjects(undefined),
    meter: new Meter(),
    watcher: undefined,
    evaluationObject: () => false,
    rates: { gets: new RequestRate(5500), puts: new RequestRate(3500) },
    preparation: { milliseconds: 0 },
  } as unknown as Services;
  const environment = () => {
    const machine = new Machine(services, 1769, false);
    machine.thaw();
    return { machine, objects: objectPort(machine, services) };
  };
  const [frozen, other] = [environment(), environment()];
  const doneAt: Record<string, number> = {};
  const timed = (name: string, call: Promise<unknown>) =>
    call.then(() => {
      doneAt[name] = clock.now();
    });
  frozen.machine.stall(60_000, true);
  const calls = [
    timed("frozen", frozen.objects.put("runs/r/checkpoint", Uint8Array.of(1))),
    timed("put", other.objects.put("runs/r/checkpoint", Uint8Array.of(2))),
    timed(
      "get",
      other.objects.get("runs/r/checkpoint").catch(() => undefined),
    ),
  ];
  await clock.run(Promise.all(calls));
  expect(doneAt["put"]).toBeLessThan(1);
  expect(doneAt["get"]).toBeLessThan(1);
  expect(doneAt["frozen"]).toBeGreaterThanOrEqual(60_000);
  expect(doneAt["frozen"]).toBeLessThan(60_001);
});
