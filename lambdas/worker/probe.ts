/**
 * Answers to a measurement of the cloud: how long things take in this environment. Each probe is a fixed piece of work and
 * has no parameters, so whoever may send tasks can have nothing done by one but this.
 */
import type { Clock, Work } from "../../shared/cloud/index.ts";
import { evaluatorOf, openProblem, type Shard } from "../../shared/problems/index.ts";
import {
  contributionKey,
  encodeProbe,
  PROBE_OBJECTS,
  PROBE_SLOW_MILLISECONDS,
  type ProbedCompute,
  type ProbedObject,
  type ProbeName,
  type RunMessage,
  type Task,
} from "../../shared/protocol/index.ts";
import type { WorkerContext } from "./ready.ts";

const ROWS = 4000;
const ENTRIES_OF_ROW = 20;
const FEATURES = 500;
/** Passes before those that count: the compiler has seen the kernel then. */
const PASSES_BEFORE = 4;
const PASSES = 5;

const PROBLEM = { kind: "logistic", regularizer: { kind: "l2", lambda: 1e-4 } } as const;

export async function probe(
  task: Task & { readonly kind: ProbeName },
  { ports, cold }: WorkerContext,
): Promise<RunMessage> {
  const { clock } = ports;
  const from = clock.now();
  const payload = encodeProbe(await WORK[task.kind](task, ports));
  const { runDigest, phase, round, slot, worker } = task;
  return {
    kind: "contribution",
    ...{ runDigest, phase, round, slot, worker },
    payload,
    bits: 8 * payload.length,
    loss: null,
    evaluation: null,
    reused: false,
    computeMilliseconds: clock.now() - from,
    cold,
  };
}

type Ports = WorkerContext["ports"];

const WORK: {
  readonly [K in ProbeName]: (
    task: Task,
    ports: Ports,
  ) => Promise<readonly ProbedObject[] | ProbedCompute | null>;
} = {
  probe: async () => null,
  "probe-slow": async (_task, { clock }) => {
    await clock.sleep(PROBE_SLOW_MILLISECONDS);
    return null;
  },
  "probe-objects": objects,
  "probe-compute": (_task, ports) => compute(ports),
};

async function objects(
  { run, round, slot }: Task,
  { objects: store, clock }: Ports,
): Promise<ProbedObject[]> {
  const seen: ProbedObject[] = [];
  for (const { bytes, times } of PROBE_OBJECTS) {
    for (let time = 0; time < times; time++) {
      const key = contributionKey(run, seen.length, round, slot);
      const body = new Uint8Array(bytes).fill(seen.length + 1);
      const putMilliseconds = await timed(clock, () => store.put(key, body));
      const getMilliseconds = await timed(clock, () => store.get(key));
      seen.push({ bytes, putMilliseconds, getMilliseconds });
    }
  }
  return seen;
}

async function timed(clock: Clock, call: () => Promise<unknown>): Promise<number> {
  const from = clock.now();
  await call();
  return clock.now() - from;
}

async function compute({ compute: port, clock }: Ports): Promise<ProbedCompute> {
  const rows = madeUpRows();
  const form = {
    name: "probe",
    features: FEATURES,
    shape: [FEATURES],
    labels: { kind: "binary" },
  } as const;
  const problem = openProblem(PROBLEM, form);
  const objective = evaluatorOf(PROBLEM, form).objective(rows, { rowWeight: 1 / ROWS, regularizerWeight: 1 });
  const x = Float64Array.from({ length: FEATURES }, (_, j) => ((j * 37) % 19) / 19 - 0.5);
  const out = new Float64Array(FEATURES);
  const work: Work = { ...problem.work(ROWS, ROWS * ENTRIES_OF_ROW), entries: FEATURES };
  const milliseconds: number[] = [];
  for (let pass = 0; pass < PASSES_BEFORE + PASSES; pass++) {
    const took = await timed(clock, () =>
      port.run(
        () => work,
        () => objective.gradient(x, out),
      ),
    );
    if (pass >= PASSES_BEFORE) milliseconds.push(took);
  }
  return { milliseconds, work: { rows: work.rows, nonZeros: work.nonZeros, entries: work.entries } };
}

/** Rows like those of sparse data: so many features each, spread over all of them. */
function madeUpRows(): Shard {
  const indices = new Uint32Array(ROWS * ENTRIES_OF_ROW);
  const values = new Float64Array(ROWS * ENTRIES_OF_ROW);
  const stride = FEATURES / ENTRIES_OF_ROW;
  for (let at = 0; at < indices.length; at++) {
    const row = Math.floor(at / ENTRIES_OF_ROW);
    indices[at] = (at % ENTRIES_OF_ROW) * stride + ((row * 7 + at * 3) % stride);
    values[at] = ((at % 17) - 8) / 8;
  }
  return {
    rows: ROWS,
    features: FEATURES,
    offsets: Uint32Array.from({ length: ROWS + 1 }, (_, row) => row * ENTRIES_OF_ROW),
    indices,
    values,
    labels: Float64Array.from({ length: ROWS }, (_, row) => (row % 2 === 0 ? 1 : -1)),
  };
}
