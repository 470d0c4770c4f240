import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type StreamingNodeConfig,
  StreamingQueryError,
  startQuery,
  type TransformConfig,
  type TransformFunction,
  type TransformRow,
  validateConfig,
} from "headgate";
import { expect, inject, test } from "vitest";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { type Lake, runToEnd, splitEvents, temporaryLake, totals } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const silent = { level: "silent", debug() {}, info() {}, warn() {}, error() {} };

const contract = (...properties: object[]) => ({
  apiVersion: "v3.1.0",
  kind: "DataContract",
  id: "trips",
  version: "1.0.0",
  status: "active",
  schema: [{ name: "trips", properties }],
});

const trip = { name: "trip", logicalType: "string" };
const fare = { name: "fare", logicalType: "number", physicalType: "decimal(20, 2)" };
const sent = contract(trip, { name: "metres", logicalType: "integer" }, fare, {
  name: "at",
  logicalType: "timestamp",
});
const km = { name: "km", logicalType: "number" };
const trips = contract({ ...trip, required: true }, km, fare, {
  name: "at",
  logicalType: "timestamp",
});

/** What `toKm` makes. */
const made = [trip, km, fare, { name: "at", logicalType: "timestamp" }];

interface Sent extends TransformRow {
  trip: string | null;
  metres: bigint;
}

const toKm = (rows: readonly Sent[]) =>
  rows.map(({ metres, ...rest }) => {
    if (rest.trip === "parked") return null;
    if (rest.trip === "unlucky") return new RangeError("13 metres");
    return { ...rest, km: rest.trip === "odd" ? "many" : Number(metres) / 1000 };
  });

async function node(
  payloads: readonly string[],
  transforms: readonly TransformConfig[],
): Promise<{ lake: Lake; config: StreamingNodeConfig }> {
  const topic = await createTopic(bootstrapServers, 1);
  const records = payloads.map((value) => ({ value }));
  await produce(bootstrapServers, topic, records);
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  const input = { ...config.input, contract: sent };
  return { lake, config: { ...config, input, transforms, contract: trips } };
}

const mixed: readonly TransformConfig[] = [
  { sql: "SELECT * FROM input WHERE metres >= 0" },
  { function: "toKm", schema: made },
  {
    sql: "SELECT upper(trip) AS trip, km, fare, at FROM input",
  },
];

const payloads = [
  '{"trip":"a","metres":2000,"fare":123456789012345678.90,"at":"2026-11-22T05:15:29.123456Z"}',
  '{"trip":"backwards","metres":-1}',
  '{"trip":"parked","metres":0}',
  '{"trip":"unlucky","metres":13}',
  '{"trip":"odd","metres":1}',
  '{"metres":1000}',
  '{"trip":"b","metres":"many"}',
  '{"trip":"c","metres":3000}',
];

test("statements and functions in turn, and every record is accounted for", async () => {
  const { lake, config } = await node(payloads, mixed);
  const batches = await runToEnd(config, { transforms: { toKm } });
  expect(totals(batches)).toEqual({
    ...{ records: 8, accepted: 2, rejected: 1, deadLetters: 3, skipped: 2, rerouted: 0, copied: 0 },
  });
  const rows = `SELECT trip, km, fare::VARCHAR AS fare, epoch_us("at") AS us FROM t
    ORDER BY trip`;
  expect(await queryTable(lake.output, rows)).toEqual([
    { trip: "A", km: 2, fare: "123456789012345678.90", us: 1795324529123456 },
    { trip: "C", km: 3, fare: null, us: null },
  ]);
  const dead = "SELECT _error_type AS kind, _error_message AS said FROM t ORDER BY _kafka_offset";
  expect(await queryTable(lake.deadLetters, dead)).toEqual([
    { kind: "TRANSFORM_ERROR", said: "transforms[1]: it answered RangeError" },
    { kind: "TRANSFORM_ERROR", said: "transforms[1]: km does not fit Float64" },
    { kind: "SCHEMA_VIOLATION", said: "metres does not fit Int64" },
  ]);
});

test("a function that answers its rows as they are changes no value", async () => {
  const { lake, config } = await node(payloads.slice(0, 1), [
    { function: "same", schema: (sent.schema[0]?.properties ?? []) as typeof made },
  ]);
  const { contract: _, onViolation: _policy, rejects: _rejects, ...free } = config;
  const same: TransformFunction = (rows) => rows;
  expect(totals(await runToEnd(free, { transforms: { same } }))).toMatchObject({ accepted: 1 });
  const rows = `SELECT trip, metres, fare::VARCHAR AS fare, epoch_us("at") AS us FROM t`;
  expect(await queryTable(lake.output, rows)).toEqual([
    { trip: "a", metres: 2000, fare: "123456789012345678.90", us: 1795324529123456 },
  ]);
});

test("a function that throws stops the query, and the next start loses and doubles nothing", async () => {
  const count = 500;
  const many = Array.from({ length: count }, (_, at) =>
    JSON.stringify({ trip: `t${at}`, metres: at }),
  );
  const { lake, config } = await node(many, [{ function: "toKm", schema: made }]);
  const options = { ...config.input.options, maxOffsetsPerTrigger: "100" };
  const inBatches = { ...config, input: { ...config.input, options } };
  const throwing = (rows: readonly Sent[]) => {
    if (rows.some(({ trip }) => trip === "t250")) throw new RangeError("t250 is odd");
    return toKm(rows);
  };
  const hooks = { transforms: { toKm: throwing }, logger: silent };
  const error = await runToEnd(inBatches, hooks).catch((error: unknown) => error);
  if (!StreamingQueryError.is(error, "TRANSFORM_FUNCTION_FAILED")) throw error;
  expect(error.message).toBe(
    "the function toKm of transforms[0] made no rows: it threw RangeError",
  );
  expect(error).toMatchObject({ retryable: false, context: { field: "transforms[0].function" } });
  expect(JSON.stringify(error)).not.toContain("t250");
  const written = "SELECT count(*) AS rows, count(DISTINCT trip) AS trips FROM t";
  expect(await queryTable(lake.output, written)).toEqual([{ rows: 200, trips: 200 }]);
  expect(totals(await runToEnd(inBatches, { transforms: { toKm } }))).toMatchObject({
    accepted: 300,
  });
  expect(await queryTable(lake.output, written)).toEqual([{ rows: 500, trips: 500 }]);
});

test("a function that does not answer in time stops the query, which may be tried again", async () => {
  const { config } = await node(payloads, [{ function: "toKm", schema: made }]);
  const transforms = { toKm: () => new Promise<never>(() => {}) };
  const stopped = runToEnd(config, { transforms, transformTimeoutMs: 100, logger: silent });
  await expect(stopped).rejects.toMatchObject({
    code: "TRANSFORM_FUNCTION_LATE",
    retryable: true,
    context: { actual: "it did not answer within 0.1 s" },
  });
});

test("a shadow contract asks the same functions, without effect", async () => {
  const { config } = await node(payloads, mixed);
  const stricter = contract(trip, { ...km, logicalTypeOptions: { maximum: 2 } });
  const batches = await runToEnd({ ...config, shadowContract: stricter }, { transforms: { toKm } });
  expect(batches[0]?.shadow?.verdict).toMatchObject({ rowCount: 3, violatingRows: 1 });
  expect(totals(batches)).toMatchObject({ accepted: 2 });
});

test("what cannot be called is refused before anything is read, and placed", async () => {
  const { config } = await node([], mixed);
  const refused = async (transforms: readonly TransformConfig[], functions: object) =>
    startQuery({ ...config, transforms }, { transforms: { ...functions } }).then(
      () => [],
      (error) => error.issues,
    );
  expect(await refused(mixed, {})).toMatchObject([
    { field: "transforms[1].function", code: "CONFIG_VALUE", actual: '"toKm"' },
  ]);
  expect(await refused(mixed, { toKm, toKn: toKm })).toMatchObject([
    { field: "transforms", code: "CONFIG_UNKNOWN_KEY", actual: '"toKn"', component: "hooks" },
  ]);
  const short = [{ function: "toKm", schema: [trip, { ...km, logicalType: "string" }] }];
  expect(await refused(short, { toKm })).toMatchObject([
    { field: "transforms[0].schema", code: "TRANSFORM_INVALID", actual: "Utf8" },
  ]);
  const odd = [{ function: "toKm", schema: [trip, { ...km, logicalType: "float" }] }];
  expect(await refused(odd, { toKm })).toMatchObject([
    { field: "transforms[0].schema[1].logicalType", code: "TRANSFORM_INVALID" },
  ]);
});

test("validate knows of functions, in a file, too", async () => {
  const { lake } = await node([], mixed);
  const path = join(lake.output, "..", "trips.yaml");
  const text = `name: trips
input: { format: kafka, options: { kafka.bootstrap.servers: "127.0.0.1:1", subscribe: t } }
transforms:
  - function: toLines
    schema:
      - { name: line, logicalType: string }
output: { format: delta, path: lake }
`;
  await writeFile(path, text);
  const toLines: TransformFunction = (rows) => rows;
  expect(await validateConfig(path, { transforms: { toLines } })).toMatchObject({ ok: true });
  const { issues } = await validateConfig(path);
  expect(issues).toMatchObject([{ field: "transforms[0].function", position: { line: 4 } }]);
});
