import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test, vi } from "vitest";
import type { QueryHooks } from "../../ts/hooks.ts";
import type { InterventionContext, InterventionDecision } from "../../ts/intervention.ts";
import { startQuery } from "../../ts/start.ts";
import type { Verdict } from "../../ts/verdict.ts";
import { FakeNative } from "./support/fake-native.ts";
import { type LogCall, recordingLogger } from "./support/recording-logger.ts";
import { batch, config, verdict } from "./support/samples.ts";

let engine: FakeNative;
let records: LogCall[];
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

/** Starts a query with a strategy and answers what it decided on `verdicts`. */
async function decisions(hooks: QueryHooks, ...verdicts: Verdict[]) {
  const recording = recordingLogger();
  records = recording.records;
  await startQuery(config, { logger: recording.logger, ...hooks });
  for (const [request, verdict] of verdicts.entries()) {
    engine.query.verdicts.put({ request, verdict: { ...verdict, rules: [...verdict.rules] } });
  }
  while (engine.query.decided.length < verdicts.length) await sleep(1);
  engine.query.end();
  return engine.query.decided;
}

const answered: [string, InterventionDecision, { action: string; reason?: string }][] = [
  ["nothing proceeds", undefined, { action: "proceed" }],
  ["null proceeds", null, { action: "proceed" }],
  ["proceed proceeds", { action: "proceed" }, { action: "proceed" }],
  ["warn warns", { action: "warn", reason: "late" }, { action: "warn", reason: "late" }],
  ["block blocks", { action: "block", reason: "bad" }, { action: "block", reason: "bad" }],
];

test.each(answered)("%s", async (_, decision, expected) => {
  const decided = await decisions({ intervention: () => decision }, verdict());
  expect(decided).toEqual([{ request: 0, reason: undefined, ...expected }]);
});

test("a reroute goes to the rejects, or to the sink that it names", async () => {
  const answers: InterventionDecision[] = [
    { action: "reroute", reason: "odd" },
    { action: "reroute", reason: "odd", to: "quarantine", scope: "batch" },
    null,
  ];
  const intervention = () => answers.shift();
  const decided = await decisions({ intervention }, verdict(), verdict(), verdict());
  expect(decided).toEqual([
    { request: 0, action: "reroute", reason: "odd", to: "rejects" },
    { request: 1, action: "reroute", reason: "odd", to: "quarantine" },
    { request: 2, action: "proceed", reason: undefined },
  ]);
});

test("a reroute from now onwards is asked once", async () => {
  let asked = 0;
  const intervention = (): InterventionDecision => {
    asked += 1;
    return { action: "reroute", reason: "odd", to: "quarantine", scope: "onwards" };
  };
  const decided = await decisions({ intervention }, verdict(), verdict(), verdict());
  expect(decided.map(({ action, to }) => [action, to])).toEqual(
    Array(3).fill(["reroute", "quarantine"]),
  );
  expect(asked).toBe(1);
});

test("a strategy is an object or a function, and may be slow", async () => {
  const strategy = {
    reason: "from this",
    async decide() {
      await sleep(2);
      return { action: "warn" as const, reason: this.reason };
    },
  };
  const [decided] = await decisions({ intervention: strategy }, verdict());
  expect(decided).toEqual({ request: 0, action: "warn", reason: "from this" });
});

test("the engine is told of the strategy, its deadline and its fallback", async () => {
  await startQuery(config, { intervention: () => null });
  await startQuery(config, {
    intervention: () => null,
    interventionTimeoutMs: 50,
    interventionFallback: "proceed",
  });
  await startQuery(config);
  expect(engine.started.map(({ options }) => options)).toMatchObject([
    { hasIntervention: true, interventionTimeoutMs: 10_000, interventionFallback: "block" },
    { hasIntervention: true, interventionTimeoutMs: 50, interventionFallback: "proceed" },
    { hasIntervention: false },
  ]);
});

const undecided: [string, () => unknown][] = [
  ["throws", () => raise()],
  ["rejects", async () => raise()],
  ["warns without a reason", () => ({ action: "warn" })],
  ["answers an unknown action", () => ({ action: "retry", reason: "x" })],
  ["reroutes without a reason", () => ({ action: "reroute" })],
  ["reroutes to no target", () => ({ action: "reroute", reason: "x", to: "nowhere" })],
  ["reroutes for another scope", () => ({ action: "reroute", reason: "x", scope: "ever" })],
  ["answers no decision", () => 42],
];

function raise(): never {
  throw new Error("no idea");
}

test.each(undecided)("a strategy that %s blocks, and is logged", async (_, decide) => {
  const [decided] = await decisions({ intervention: decide as () => null }, verdict());
  expect(decided).toMatchObject({ request: 0, action: "block" });
  expect(decided?.reason).not.toContain("no idea");
  expect(records.map(({ level }) => level)).toEqual(["error"]);
});

test("a strategy that is late falls back, sees its signal abort, and is asked again", async () => {
  const signals: AbortSignal[] = [];
  let calls = 0;
  const intervention = (_: Verdict, { signal }: InterventionContext) => {
    signals.push(signal);
    return calls++ === 0 ? new Promise<null>(() => {}) : null;
  };
  const hooks = { intervention, interventionTimeoutMs: 10, interventionFallback: "block" } as const;
  const decided = await decisions(hooks, verdict(), verdict());
  expect(decided.map(({ action }) => action)).toEqual(["block", "proceed"]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

test("the fallback can be to proceed", async () => {
  const hooks = { intervention: raise, interventionFallback: "proceed" } as const;
  const [decided] = await decisions(hooks, verdict());
  expect(decided?.action).toBe("proceed");
});

test("the history begins with what was committed before the start, which is no part of this run's sums", async () => {
  const contexts: InterventionContext[] = [];
  const intervention = (_: Verdict, context: InterventionContext) => {
    contexts.push({ ...context });
    return null;
  };
  engine.history = Array.from({ length: 100 }, (_, at) => batch(at));
  await startQuery(config, { intervention });
  engine.query.verdicts.put({ request: 1, verdict: verdict() });
  while (engine.query.decided.length < 1) await sleep(1);
  for (const id of [100, 101]) engine.query.batches.put(batch(id));
  while (contexts[0]?.validation.streamingBatches.length !== 2) await sleep(1);
  engine.query.verdicts.put({ request: 2, verdict: verdict() });
  while (engine.query.decided.length < 2) await sleep(1);
  engine.query.end();
  const ids = contexts.map(({ history }) => history.map(({ batchId }) => batchId));
  const range = (from: number) => Array.from({ length: 100 }, (_, at) => from + at);
  expect(ids).toEqual([range(0), range(2)]);
  const { validation } = contexts[1] ?? {};
  expect(validation?.streamingBatches.map(({ batchId }) => batchId)).toEqual([100, 101]);
  expect(validation?.metrics).toEqual({ row_count: 20 });
});

test("the context holds the output, its history and a live validation result", async () => {
  const contexts: InterventionContext[] = [];
  const statuses: string[] = [];
  await startQuery(config, {
    intervention: (_, context) => {
      contexts.push(context);
      statuses.push(context.validation.status);
    },
  });
  engine.query.verdicts.put({ request: 1, verdict: verdict() });
  while (engine.query.decided.length < 1) await sleep(1);
  const warning = {
    status: "warn" as const,
    warnings: ["speed"],
    metrics: { "violations.speed": 2 },
  };
  for (let id = 0; id < 120; id += 1) engine.query.batches.put(batch(id, warning));
  await sleep(5);
  engine.query.verdicts.put({ request: 2, verdict: verdict() });
  while (engine.query.decided.length < 2) await sleep(1);
  const [first, second] = contexts;
  expect(statuses).toEqual(["unknown", "warn"]);
  expect(first?.history).toEqual([]);
  expect(second?.history).toHaveLength(100);
  expect(second?.history.at(-1)?.batchId).toBe(119);
  expect(second?.datasetId).toBe("lake/events");
  expect(first?.validation).toBe(second?.validation);
  expect(second?.validation).toMatchObject({
    ok: true,
    reason: "speed",
    datasetVersion: "119",
    metrics: { "violations.speed": 240 },
    streamingMetrics: { "violations.speed": 2 },
    schema: { id: { odcsType: "string", nullable: false } },
  });
  expect(second?.validation.streamingQueries).toHaveLength(1);
  engine.query.end();
});
