/** Gradients that are kept in the store for the next round: computed once, with the bits of a plain loop whatever becomes of them. */
import { describe, expect, it } from "vitest";
import type { ServiceOptions } from "../../embedded/service/service.ts";
import type { ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { parseUsage } from "../../shared/cost/usage.ts";
import { serverDraws } from "../../shared/methods/draws.ts";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import {
  DIMENSION,
  isDense,
  type MethodName,
  methods,
  oracleOf,
  oracleOfSpec,
  ROUNDS,
  specOf,
  WORKERS,
} from "../fixtures/methods.ts";
import { checkpointOf, recordsOf, requestStop, resume, runToEnd, serviceWith } from "../fixtures/service.ts";

const GRADIENT = /^runs\/r\/contributions\/gradients-/;
const store = { reuse: "store" } as const;

/** A service that notes what workers do with kept gradients, and in which `alter` comes between. */
function watched(alter: (objects: ObjectStore) => Partial<ObjectStore> = () => ({})) {
  const puts: string[] = [];
  const gets: string[] = [];
  const bytes = { put: 0, got: 0 };
  const alteration: NonNullable<ServiceOptions["alteration"]> = {
    worker: (ports, create) => {
      const objects = { ...ports.objects, ...alter(ports.objects) };
      return create({
        ...ports,
        objects: {
          ...objects,
          async get(key, options) {
            if (GRADIENT.test(key)) gets.push(key);
            const found = await objects.get(key, options);
            if (GRADIENT.test(key)) bytes.got += found.body.length;
            return found;
          },
          put(key, body, condition) {
            if (GRADIENT.test(key)) {
              puts.push(key);
              bytes.put += body.length;
            }
            return objects.put(key, body, condition);
          },
        },
      });
    },
  };
  return { options: { alteration, latencies: "aws" } as const, puts, gets, bytes };
}

function minus<Counts extends Readonly<Record<string, number>>>(a: Counts, b: Counts): Counts {
  return Object.fromEntries(Object.entries(a).map(([name, count]) => [name, count - b[name]!])) as Counts;
}

/** Who is asked in a round, by its streams. */
function askedIn(method: MethodName, round: number): readonly number[] {
  if (method !== "pp-marina" || isDense(method, round))
    return Array.from({ length: WORKERS }, (_, worker) => worker);
  const draws = serverDraws(3, round);
  draws.coin(0.2);
  return [...draws.slots(2, WORKERS, true)];
}

/** Gradients that some round computes and the next one needs: those of one worker in one round once. */
function neededAgain(method: MethodName): number {
  let needed = 0;
  for (let round = 0; round + 1 < ROUNDS; round++) {
    if (method !== "dasha" && isDense(method, round + 1)) continue;
    const next = new Set(askedIn(method, round + 1));
    needed += [...new Set(askedIn(method, round))].filter((worker) => next.has(worker)).length;
  }
  return needed;
}

describe.each(["marina", "pp-marina", "dasha"] as const)("%s with gradients in the store", (method) => {
  it("has the bits of a plain loop, and keeps what the next round needs and nothing else", async () => {
    const { sha256 } = await oracleOf(method);
    const { options, puts } = watched();
    const service = await serviceWith(options);
    const result = await runToEnd(service, "r", specOf(method, store));
    expect(result).toMatchObject({ status: "done", rounds: ROUNDS, iterateSha256: sha256 });
    expect(new Set(puts).size).toBe(neededAgain(method));
    const { objects } = service.cloud.client;
    for (const prefix of leftoverPrefixes("r")) expect(await objects.list(prefix)).toEqual([]);
  });

  it.each(["environment", "auto", undefined] as const)(
    "keeps none by %s, where computing one takes a millisecond",
    async (reuse) => {
      const { sha256 } = await oracleOf(method);
      const { options, puts, gets } = watched();
      const change = reuse === undefined ? {} : { reuse };
      const result = await runToEnd(await serviceWith(options), "r", specOf(method, change));
      expect(result.iterateSha256).toBe(sha256);
      expect([puts, gets]).toEqual([[], []]);
    },
  );
});

it("every gradient of a round before is had without computing it, but for those that are kept too late", async () => {
  const totalsOf = async (reuse: "environment" | "store", latencies: "aws" | "none") => {
    const service = await serviceWith({ latencies });
    await runToEnd(service, "r", specOf("marina", { reuse }));
    return (await checkpointOf(service, "r")).totals;
  };
  const environment = await totalsOf("environment", "aws");
  const at = await totalsOf("store", "none");
  expect(at.pairs).toBeGreaterThan(ROUNDS);
  expect(at.reused).toBe(at.pairs);
  // A round of some 80 ms is hardly longer than a put.
  const late = await totalsOf("store", "aws");
  expect(late.pairs).toBe(at.pairs);
  expect(late.reused).toBeGreaterThan(0.9 * late.pairs);
  expect(environment.reused).toBeLessThan(0.6 * environment.pairs);
});

it("the bill has each request, and the totals have the bytes", async () => {
  const outcome = async (reuse: "environment" | "store") => {
    const seen = watched();
    const all = { puts: 0, gets: 0, putBytes: 0, getBytes: 0 };
    const counted = (ports: Ports): Ports => ({
      ...ports,
      objects: {
        ...ports.objects,
        async get(key, options) {
          all.gets++;
          const found = await ports.objects.get(key, options);
          all.getBytes += found.body.length;
          return found;
        },
        put(key, body, condition) {
          all.puts++;
          all.putBytes += body.length;
          return ports.objects.put(key, body, condition);
        },
      },
    });
    const { worker } = seen.options.alteration;
    const alteration: ServiceOptions["alteration"] = {
      worker: (ports, create) => worker!(counted(ports), create),
      aggregatorPorts: counted,
    };
    const service = await serviceWith({ ...seen.options, alteration });
    const result = await runToEnd(service, "r", specOf("marina", { reuse, evaluateEvery: 0 }));
    const { method, evaluation } = parseUsage(result.usage);
    const [own, outside] = [method.objects, evaluation.objects];
    const billed = {
      puts: own.putRequests + outside.putRequests,
      gets: own.getRequests + outside.getRequests,
      putBytes: own.putBytes + outside.putBytes,
      getBytes: own.getBytes + outside.getBytes,
    };
    return { ...seen, result, billed, unbilled: minus(all, billed) };
  };
  const environment = await outcome("environment");
  const kept = await outcome("store");
  for (const { unbilled } of [environment, kept]) expect(unbilled).toMatchObject({ puts: 0, gets: 0 });
  // The last objects, which hold the bill, are as much longer than it foresees as ever.
  for (const bytes of ["putBytes", "getBytes"] as const)
    expect(Math.abs(kept.unbilled[bytes] - environment.unbilled[bytes])).toBeLessThan(256);
  expect(kept.billed.puts - environment.billed.puts).toBe(kept.puts.length);
  // Header, digest with its length, six numbers, and padding: 16 + 20 + 24 + 4.
  const each = kept.bytes.put / kept.puts.length;
  expect(each).toBe(8 * DIMENSION + 64);
  // A task tells in a byte what becomes of a gradient, an answer in eight how much it has read; both as base64.
  const beside = 16 * WORKERS * ROUNDS;
  const up = kept.result.uplinkBytesMeasured - environment.result.uplinkBytesMeasured;
  expect(up - each * neededAgain("marina")).toBeGreaterThanOrEqual(0);
  expect(up - each * neededAgain("marina")).toBeLessThanOrEqual(beside);
  const down = kept.result.downlinkBytesMeasured - environment.result.downlinkBytesMeasured;
  expect(down - kept.bytes.got).toBeGreaterThanOrEqual(0);
  expect(down - kept.bytes.got).toBeLessThanOrEqual(beside);
});

it("the bits are the same where workers change, in packs, by deltas, by importance, with rules and carried shifts", async () => {
  const elastic: Partial<RunSpecInput> = {
    remainder: "spread",
    workers: [
      { workers: 4 },
      { fromRound: 9, workers: 11, denseRound: "force" },
      { fromRound: 20, workers: 3 },
    ],
  };
  const pp = methods["pp-marina"] as object;
  const specs: RunSpecInput[] = [
    specOf("marina", elastic),
    specOf("pp-marina", elastic),
    specOf("pp-marina", {
      ...elastic,
      algorithm: { ...pp, participants: [{ participants: 3 }, { fromRound: 15, participants: 2 }] } as never,
    }),
    specOf("marina", { shardsPerTask: 2 }),
    specOf("pp-marina", { shardsPerTask: 3, algorithm: { ...pp, participants: 9 } as never }),
    specOf("pp-marina", { algorithm: { ...pp, sampling: "importance" } as never }),
    specOf("marina", { downlink: "deltas", reduction: "workers", shardsPerTask: 2 }),
    specOf("marina", { evaluateEvery: 0, checkpointEvery: 7, durability: "strict" }),
    specOf("dasha", { shardsPerTask: 2, algorithm: { ...methods.dasha, shift: "carried" } as never }),
    specOf("marina", {
      algorithm: { ...methods.marina, aggregation: { kind: "centered-clip", tolerate: 0.2 } } as never,
      hessianVariance: { every: 5 },
    }),
  ];
  for (const spec of specs) {
    const outcome = async (reuse: "environment" | "store") => {
      const { options, puts } = watched();
      const service = await serviceWith(options);
      const { iterateSha256, status } = await runToEnd(service, "r", { ...spec, reuse });
      const curve = (await recordsOf(service, "r")).map(
        ({ loss, gradientNormSquared, uplinkBitsPerWorker }) => ({
          ...{ loss, gradientNormSquared, uplinkBitsPerWorker },
        }),
      );
      return { puts: puts.length, ends: { iterateSha256, status, curve } };
    };
    const environment = await outcome("environment");
    const kept = await outcome("store");
    expect(environment.ends.status).toBe("done");
    expect(kept.ends).toEqual(environment.ends);
    expect([environment.puts, kept.puts > ROUNDS / 4]).toEqual([0, true]);
  }
});

describe("what is read in the place of a gradient", () => {
  /** Of each worker the object that was stored first, of whichever round. */
  const first = new Map<string, Uint8Array>();
  const workerOf = (key: string) => key.slice(key.lastIndexOf("/"));
  const places: Readonly<Record<string, (objects: ObjectStore) => Partial<ObjectStore>>> = {
    "nothing, as it was lost": (objects) => ({
      put: (key, body, condition) =>
        GRADIENT.test(key) ? Promise.resolve('"lost"') : objects.put(key, body, condition),
    }),
    "nothing, as the store refuses it": (objects) => ({
      get: (key, options) =>
        GRADIENT.test(key) ? objects.get(`${key}-other`, options) : objects.get(key, options),
    }),
    "a gradient with one bit changed": (objects) => ({
      put(key, body, condition) {
        if (!GRADIENT.test(key)) return objects.put(key, body, condition);
        const changed = new Uint8Array(body);
        changed[changed.length - 9]! ^= 1;
        return objects.put(key, changed, condition);
      },
    }),
    "a gradient that is cut off": (objects) => ({
      put: (key, body, condition) =>
        objects.put(key, GRADIENT.test(key) ? body.slice(0, body.length - 8) : body, condition),
    }),
    "the worker's gradient of another round": (objects) => ({
      put(key, body, condition) {
        if (!GRADIENT.test(key)) return objects.put(key, body, condition);
        if (!first.has(workerOf(key))) first.set(workerOf(key), body);
        return objects.put(key, first.get(workerOf(key))!, condition);
      },
    }),
    "the gradient of another worker": (objects) => ({
      put: (key, body, condition) =>
        objects.put(
          GRADIENT.test(key) ? key.replace(/\d$/, (i) => String((Number(i) + 1) % WORKERS)) : key,
          body,
          condition,
        ),
    }),
  };

  it.each(Object.entries(places))("is %s: it is computed, to the same bits", async (_name, alter) => {
    const { sha256 } = await oracleOf("marina");
    const { options, puts, gets } = watched(alter);
    const service = await serviceWith(options);
    const result = await runToEnd(service, "r", specOf("marina", store));
    expect(result).toMatchObject({ status: "done", iterateSha256: sha256 });
    expect(puts.length).toBeGreaterThan(2 * ROUNDS);
    expect(gets.length).toBeGreaterThan(ROUNDS);
    const { pairs, reused } = (await checkpointOf(service, "r")).totals;
    // Only what environments hold is spared; of another round's objects the first one is the right one.
    expect(reused).toBeLessThan(0.7 * pairs);
  });
});

it("a run that was stopped goes on with the bits that it would have had", async () => {
  const { sha256 } = await oracleOf("marina");
  const service = await serviceWith({
    latencies: "aws",
    observer: {
      round: (_run, { round }) => {
        if (round === 20) void requestStop(service, "r");
      },
    },
  });
  const stopped = await runToEnd(service, "r", specOf("marina", store));
  expect(stopped.status).toBe("stopped");
  expect(await resume(service, "r")).toMatchObject({ status: "done", iterateSha256: sha256 });
});

it("messages that come twice and in any order change nothing", async () => {
  const { sha256 } = await oracleOfSpec(specOf("pp-marina"));
  const service = await serviceWith({ faults: { shuffle: true, duplicate: true } });
  expect((await runToEnd(service, "r", specOf("pp-marina", store))).iterateSha256).toBe(sha256);
});

it("methods that need no gradient of the round before refuse to keep it, and say which do", () => {
  for (const method of ["gd", "qgd", "diana", "vr-diana", "vr-marina", "vr-marina-online", "ef21"] as const) {
    expect(() => parseRunSpec(specOf(method, store), "spec.json")).toThrow(
      `reuse: expected "environment" or "auto": ${method} needs no gradient of the round before; marina, pp-marina and dasha do`,
    );
    expect(parseRunSpec(specOf(method, { reuse: "auto" }), "spec.json").reuse).toBe("auto");
  }
});
