import { beforeEach, expect, test } from "vitest";
import { openLineage } from "../../../ts/openlineage/openlineage.ts";
import { problemsOf } from "./schemas.ts";
import { ctx, RecordingTransport, run, told, violating } from "./support.ts";

let transport: RecordingTransport;
beforeEach(() => {
  transport = new RecordingTransport();
});

const endedAt = "2026-11-21T11:00:00.000Z";

function lineage(change: object = {}) {
  return openLineage({ namespace: "ingest", transport, ...change });
}

test("every event of a run holds to OpenLineage's schemas", async () => {
  const parent = { job: { namespace: "airflow", name: "daily" }, run: { runId: run.runId } };
  const sourceCodeLocation = { type: "git", url: "https://git.example/ingest/blob/a1b2c3/main.ts" };
  const job = { name: "gps", sourceCodeLocation };
  const observer = lineage({ parent: { ...parent, root: parent }, job, throttleMs: 0 });
  await observer.tell(told(4), ctx);
  await observer.tell(violating(5, { intervention: "two in a row" }), ctx);
  await observer.tell(told(6, { status: "block", datasetVersion: undefined }), ctx);
  await observer.tell(told(7, { status: "idle", rowCount: 0, metrics: { row_count: 0 } }), ctx);
  await observer.gap?.({ from: 8, to: 9 }, ctx);
  await observer.end?.({ status: "finished", endedAt }, ctx);
  const running = Array(5).fill("RUNNING");
  expect(transport.types).toEqual(["START", ...running, "COMPLETE"]);
  expect(transport.events.flatMap(problemsOf)).toEqual([]);
  for (const event of transport.events) {
    expect(event.run.runId).toBe(run.runId);
    expect(event.run.facets).toMatchObject({ parent: { ...parent, root: parent } });
    expect(event.job).toMatchObject({
      ...{ namespace: "ingest", name: "gps" },
      facets: { jobType: { processingType: "STREAMING" }, sourceCodeLocation },
    });
  }
});

test("a schema is missed by an event that departs from it", async () => {
  const observer = lineage();
  await observer.tell(violating(5), ctx);
  const broken = structuredClone(transport.last);
  Object.assign(broken.run, { runId: "run-1" });
  Reflect.set(broken.inputs[0]?.inputFacets.dataQualityAssertions ?? {}, "assertions", [{}]);
  expect(problemsOf(broken)).toEqual(
    expect.arrayContaining([
      expect.stringContaining("/run/runId must match format"),
      expect.stringContaining("dataQualityAssertions/assertions/0 must have required property"),
    ]),
  );
});

test("every event repeats all datasets, by the standard's names", async () => {
  const observer = lineage({ throttleMs: 0 });
  const positions = [{ topic: "clicks", partition: 3, start: 0n, end: 5n }];
  await observer.tell(told(4, { positions }), ctx);
  await observer.tell(told(5), ctx);
  await observer.end?.({ status: "stopped", endedAt }, ctx);
  for (const { inputs, outputs } of transport.events) {
    expect(inputs.map(({ namespace, name }) => [namespace, name])).toEqual([
      ["kafka://broker-1:9093", "events"],
      ["kafka://broker-1:9093", "clicks"],
    ]);
    expect(outputs.map(({ namespace, name }) => [namespace, name])).toEqual([
      ["file", "/lake/my events"],
      ["s3://bucket", "lake/rejects"],
      ["abfss://lake@account.dfs.core.windows.net", "dead"],
    ]);
    expect(outputs[0]?.facets.schema).toMatchObject({
      fields: [
        { name: "id", type: "string", ordinal_position: 1 },
        { name: "speed", type: "number", ordinal_position: 2 },
      ],
    });
  }
});

test.each([
  ["broker", "kafka://broker:9092"],
  ["SASL_SSL://broker:9094", "kafka://broker:9094"],
  ["[::1]:9092, other:9092", "kafka://[::1]:9092"],
])("the namespace of %s", async (bootstrapServers, namespace) => {
  const other = { ...run, input: { ...run.input, bootstrapServers } };
  await lineage().tell(told(4), { ...ctx, run: other });
  expect(transport.last.inputs[0]?.namespace).toBe(namespace);
});

test("records that are made up come from no dataset", async () => {
  const input = { format: "rate", bootstrapServers: "", topics: [] };
  const positions = [{ topic: "rate", partition: 0, start: 0n, end: 5n }];
  await lineage().tell(told(4, { positions }), { ...ctx, run: { ...run, input } });
  for (const { inputs, outputs } of transport.events) {
    expect([inputs.length, outputs.length]).toEqual([0, 3]);
  }
  expect(transport.events.length).toBeGreaterThan(0);
});

test("a batch says how many rows went where, and which rules they broke", async () => {
  await lineage().tell(violating(5), ctx);
  const { run, inputs, outputs } = transport.last;
  const params = { batch_id: 5 };
  expect(inputs[0]?.inputFacets).toMatchObject({
    inputStatistics: { rowCount: 11 },
    dataQualityMetrics: { rowCount: 10, columnMetrics: {} },
    dataQualityAssertions: {
      assertions: [
        { name: "enough_rows", success: false, severity: "error", actual: "10" },
        {
          ...{ name: "known_status", success: false, severity: "warn", column: "status (old)" },
          ...{ expected: "0", actual: "1", params: { ...params, violations: 1 } },
        },
        { name: "minimum_speed", severity: "error", column: "speed", actual: "2", params },
      ],
    },
  });
  expect(outputs.map(({ outputFacets }) => outputFacets.outputStatistics?.rowCount)).toEqual([
    ...[8, 2, 1],
  ]);
  expect(outputs.map(({ facets }) => facets.version?.datasetVersion)).toEqual([
    "5",
    "3",
    undefined,
  ]);
  expect(run.facets).toMatchObject({
    test: { tests: [{ status: "fail" }, { status: "fail" }, { name: "minimum_speed" }] },
    headgate_microBatch: {
      ...{ batchId: 5, batchUuid: "u-5", firstBatchId: 5, batches: 1, status: "warn" },
      counts: { records: 11, accepted: 8, rejected: 2, deadLetters: 1 },
      positions: [{ topic: "events", partition: 0, start: "0", end: "11" }],
    },
  });
});

test("a rule that was broken before and holds now says so, but not by a batch without rows", async () => {
  const observer = lineage({ throttleMs: 0 });
  await observer.tell(violating(5), ctx);
  await observer.tell(told(6, { status: "idle", rowCount: 0 }), ctx);
  expect(transport.last.run.facets.test).toMatchObject({ tests: [] });
  await observer.tell(told(7), ctx);
  expect(transport.last.run.facets.test).toMatchObject({
    tests: [
      { name: "enough_rows", status: "pass", severity: "error" },
      { name: "known_status", status: "pass", severity: "warn" },
      { name: "minimum_speed", status: "pass", params: { column: "speed" } },
    ],
  });
  expect(transport.last.run.facets.test).not.toHaveProperty("tests[0].actual");
});

test("a rule that an earlier run knew is not said to hold", async () => {
  const observer = lineage({ throttleMs: 0 });
  await observer.tell(violating(5, { timestamp: "2026-11-21T08:00:00.000000Z" }), ctx);
  expect(transport.last.run.facets.test).toHaveProperty("tests.length", 3);
  await observer.tell(told(6), ctx);
  expect(transport.last.run.facets.test).toMatchObject({ tests: [] });
});

test("what the rows of several topics did is not said of one of them", async () => {
  const range = { partition: 0, start: 0n, end: 5n };
  const positions = [
    { ...range, topic: "events" },
    { ...range, topic: "clicks" },
    { ...range, topic: "quiet", end: 0n },
  ];
  await lineage().tell(violating(5, { positions }), ctx);
  expect(transport.last.inputs.map(({ inputFacets }) => Object.keys(inputFacets))).toEqual([
    ...[["dataQualityAssertions"], ["dataQualityAssertions"], []],
  ]);
});

test("a blocked batch wrote nothing, and the tables keep their versions", async () => {
  const observer = lineage();
  await observer.tell(violating(5), ctx);
  const blocked = { status: "block", datasetVersion: undefined, rejects: undefined } as const;
  await observer.tell(violating(6, blocked), ctx);
  const { outputs } = transport.last;
  expect(outputs.map(({ outputFacets }) => outputFacets.outputStatistics?.rowCount)).toEqual([
    ...[0, 0, 0],
  ]);
  expect(outputs.map(({ facets }) => facets.version?.datasetVersion)).toEqual([
    "5",
    "3",
    undefined,
  ]);
});

test("rows that are rejected into the dead letters count there", async () => {
  const shared = { ...run, rejects: undefined };
  await lineage().tell(violating(5, { rejects: undefined }), { ...ctx, run: shared });
  const { outputs } = transport.last;
  expect(outputs.map(({ outputFacets }) => outputFacets.outputStatistics?.rowCount)).toEqual([
    ...[8, 3],
  ]);
});

test("the end has the totals of the run, and the rules as they were last", async () => {
  const observer = lineage({ throttleMs: 60_000 });
  await observer.tell(violating(5), ctx);
  await observer.tell(told(6), ctx);
  await observer.tell(told(7), ctx);
  await observer.end?.({ status: "finished", endedAt }, ctx);
  const { eventTime, run, inputs, outputs } = transport.last;
  expect(eventTime).toBe(endedAt);
  expect(inputs[0]?.inputFacets).toMatchObject({
    inputStatistics: { rowCount: 31 },
    dataQualityAssertions: { assertions: [{ success: true }, { success: true }, {}] },
  });
  expect(outputs[0]?.outputFacets.outputStatistics?.rowCount).toBe(28);
  expect(run.facets.headgate_microBatch).toMatchObject({ batches: 1, counts: { records: 10 } });
});

test("a run that was told nothing has a start and an end", async () => {
  await lineage().end?.({ status: "finished", endedAt }, ctx);
  expect(transport.events).toMatchObject([
    { eventType: "START", eventTime: run.startedAt, inputs: [{ name: "events" }] },
    { eventType: "COMPLETE", eventTime: endedAt, inputs: [{ name: "events" }] },
  ]);
  expect(transport.events.flatMap(problemsOf)).toEqual([]);
});

test("a batch of an earlier run, told late, does not go before the start of this one", async () => {
  const observer = lineage({ throttleMs: 0 });
  await observer.tell(told(4, { timestamp: "2026-11-21T08:00:00.000000Z" }), ctx);
  await observer.tell(told(5, { timestamp: "2026-11-21T10:00:00.000001Z" }), ctx);
  expect(transport.events.map(({ eventTime }) => eventTime)).toEqual([
    ...[run.startedAt, run.startedAt, "2026-11-21T10:00:00.000001Z"],
  ]);
});
