import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type StreamingNodeConfig, validateConfig } from "headgate";
import { expect, inject, test } from "vitest";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { type Lake, runToEnd, splitEvents, temporaryLake, totals } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");

const contract = (...properties: object[]) => ({
  apiVersion: "v3.1.0",
  kind: "DataContract",
  id: "trips",
  version: "1.0.0",
  status: "active",
  schema: [{ name: "trips", properties }],
});

const sent = contract(
  { name: "trip", logicalType: "string" },
  { name: "metres", logicalType: "integer" },
  { name: "seconds", logicalType: "integer" },
);

const trips = contract(
  { name: "trip", logicalType: "string", required: true },
  { name: "speed", logicalType: "integer", logicalTypeOptions: { maximum: 60 } },
);

const toSpeed = "SELECT trip, metres / seconds AS speed FROM input WHERE metres > 0";

const records = [
  { trip: "a", metres: 100, seconds: 10 },
  { trip: "parked", metres: 0, seconds: 10 },
  { trip: "no time", metres: 100, seconds: 0 },
  { trip: "words", metres: "many", seconds: 1 },
  { trip: "fast", metres: 1000, seconds: 10 },
  { metres: 50, seconds: 10 },
];

async function topicOf(payloads: readonly string[]): Promise<string> {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(
    bootstrapServers,
    topic,
    payloads.map((value) => ({ value })),
  );
  return topic;
}

async function node(
  payloads: readonly string[],
  change: (config: StreamingNodeConfig) => object,
): Promise<{ lake: Lake; config: StreamingNodeConfig }> {
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, await topicOf(payloads), lake);
  return { lake, config: { ...config, ...change(config) } };
}

const ofTrips = () =>
  node(
    records.map((record) => JSON.stringify(record)),
    ({ input }) => ({
      input: { ...input, contract: sent },
      transforms: [{ sql: toSpeed }],
      contract: trips,
    }),
  );

test("the contract judges what a SELECT made, and every record is accounted for", async () => {
  const { lake, config } = await ofTrips();
  const batches = await runToEnd(config);
  expect(totals(batches)).toEqual({
    records: 6,
    accepted: 1,
    rejected: 2,
    deadLetters: 2,
    skipped: 1,
    rerouted: 0,
    copied: 0,
  });
  expect(await queryTable(lake.output, "SELECT trip, speed, _kafka_offset AS at FROM t")).toEqual([
    { trip: "a", speed: 10, at: 0 },
  ]);
  const rejects = "SELECT speed, _raw_value AS raw FROM t ORDER BY _kafka_offset";
  expect(await queryTable(lake.rejects, rejects)).toMatchObject([{ speed: 100 }, { speed: 5 }]);
  const dead = "SELECT _error_type AS kind, _error_message AS said FROM t ORDER BY _kafka_offset";
  expect(await queryTable(lake.deadLetters, dead)).toEqual([
    { kind: "TRANSFORM_ERROR", said: "transforms[0]: column speed: it divides by zero" },
    { kind: "SCHEMA_VIOLATION", said: "metres does not fit Int64" },
  ]);
});

test("a restart reads nothing twice, and goes on", async () => {
  const { config } = await ofTrips();
  await runToEnd(config);
  expect(await runToEnd(config)).toEqual([]);
});

test("raw payloads become columns of a contract", async () => {
  const sql = `SELECT split_part(_raw_value, ';', 1) AS trip,
    CAST(split_part(_raw_value, ';', 2) AS BIGINT) AS speed FROM input`;
  const { lake, config } = await node(["a;12", "b;fast", "c;80"], ({ input }) => ({
    input: { ...input, decode: "raw" },
    transforms: [{ sql }],
    contract: trips,
  }));
  const batches = await runToEnd(config);
  expect(totals(batches)).toMatchObject({ accepted: 1, rejected: 1, deadLetters: 1 });
  expect(await queryTable(lake.output, "SELECT trip, speed FROM t")).toEqual([
    { trip: "a", speed: 12 },
  ]);
  const said = "SELECT _error_message AS said FROM t";
  expect(await queryTable(lake.deadLetters, said)).toEqual([
    { said: "transforms[0]: column speed: it casts a value that does not fit" },
  ]);
});

test("without a contract the output has the columns of the last SELECT", async () => {
  const { lake, config } = await node(
    records.slice(0, 2).map((record) => JSON.stringify(record)),
    ({ input }) => ({
      input: { ...input, contract: sent },
      transforms: [
        { sql: "SELECT trip, metres / 1000.0 AS km FROM input" },
        { sql: "SELECT upper(trip) AS trip, km FROM input WHERE km > 0" },
      ],
    }),
  );
  const { contract: _, onViolation: _policy, rejects: _rejects, ...bare } = config;
  expect(totals(await runToEnd(bare))).toMatchObject({ accepted: 1, skipped: 1 });
  expect(await queryTable(lake.output, "SELECT trip, km FROM t")).toEqual([{ trip: "A", km: 0.1 }]);
});

test("the shadow contract judges transformed rows", async () => {
  const { config } = await ofTrips();
  const stricter = contract(
    { name: "trip", logicalType: "string" },
    { name: "speed", logicalType: "integer", logicalTypeOptions: { maximum: 9 } },
  );
  const [batch] = await runToEnd({ ...config, shadowContract: stricter });
  expect(batch?.shadow?.verdict).toMatchObject({ rowCount: 3, violatingRows: 2 });
});

test("what cannot be planned is refused before anything is read, and placed", async () => {
  const { config } = await ofTrips();
  for (const [sql, actual] of [
    ["SELECT count(*) AS speed FROM input", /an aggregate/],
    ["SELECT trip, now() AS speed FROM input", /now\(\)/],
    ["SELECT trip, metres, seconds FROM input", /another/],
    ["SELECT speed FROM input", /speed/],
  ] as const) {
    const issue = {
      field: "transforms[0].sql",
      code: "TRANSFORM_INVALID",
      actual: expect.stringMatching(actual),
    };
    const refused = runToEnd({ ...config, transforms: [{ sql }] });
    await expect(refused).rejects.toMatchObject({ issues: [issue] });
  }
});

test("validate finds a transform that cannot run, in its line", async () => {
  const { lake } = await ofTrips();
  const path = join(lake.output, "..", "trips.yaml");
  const text = `name: trips
input: { format: kafka, options: { kafka.bootstrap.servers: "127.0.0.1:1", subscribe: t } }
transforms:
  - sql: SELECT _raw_value AS line FROM input
  - sql: SELECT line FROM input LIMIT 1
output: { format: delta, path: lake }
`;
  await writeFile(path, text);
  const { issues } = await validateConfig(path);
  expect(issues).toMatchObject([{ field: "transforms[1].sql", position: { line: 5 } }]);
});
