import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { headgate } from "../../support/cli.ts";
import { type Destination, differences } from "../../support/coordinates.ts";
import { event } from "../../support/events.ts";
import { createTopic, type Outgoing, produce } from "../../support/kafka/topics.ts";
import { runToEnd, temporaryLake, totals } from "../../support/query.ts";
import { queryTable } from "../../support/readers/read-table.ts";
import {
  avroMisfit,
  avroV1,
  avroV2,
  type Encode,
  jsonEvents,
  protobufEvents,
} from "../../support/registry/event-schemas.ts";
import { registeredEvents } from "../../support/registry/events-query.ts";
import { framed } from "../../support/registry/framing.ts";
import { type SchemaRegistry, startRegistry } from "../../support/registry/server.ts";

const bootstrapServers = inject("bootstrapServers");
const PARTITIONS = 4;
const UNKNOWN_ID = 1_000_000;
let registry: SchemaRegistry;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry?.stop());

const placed = (value: Buffer | null, index: number): Outgoing => ({
  value,
  partition: index % PARTITIONS,
});

test.each([
  ["Avro", avroV1],
  ["JSON", jsonEvents],
  ["Protobuf", protobufEvents],
] as const)(
  "%s with a reference: every record is a row with the values it was written with",
  async (_, register) => {
    const topic = await createTopic(bootstrapServers, PARTITIONS);
    const encode = await register(registry, `${topic}-value`);
    const sent = Array.from({ length: 400 }, (_, index) => placed(encode(index), index));
    const produced = await produce(bootstrapServers, topic, sent);
    const lake = await temporaryLake();
    const { url } = registry;
    await runToEnd(registeredEvents(bootstrapServers, topic, lake, { url }));
    expect(await differences({ output: lake.output }, produced, () => "output")).toEqual([]);
    const columns = "event_id, user_id, event_type, amount, country, page, session, seq";
    const [row] = await queryTable(lake.output, `SELECT ${columns} FROM t WHERE seq = 7`);
    const { event_time: _time, ...written } = event(7);
    expect(row).toMatchObject({ ...written, amount: expect.anything() });
    expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
  },
);

test("a mixed topic: every record is in the table that it belongs to", async () => {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const subject = `${topic}-value`;
  const [first, second, json] = [
    await avroV1(registry, subject),
    await avroV2(registry, subject),
    await jsonEvents(registry, `${subject}-json`),
  ];
  const kinds: [Destination | null, (index: number) => Buffer | null][] = [
    ["output", first],
    ["output", second],
    ["output", json],
    [null, () => null],
    ["deadLetters", () => Buffer.from("garbage")],
    ["deadLetters", () => Buffer.alloc(3)],
    ["deadLetters", (index) => first(index).subarray(0, 9)],
    ["deadLetters", () => framed(UNKNOWN_ID, Buffer.from("{}"))],
    ["deadLetters", (index) => Buffer.from(JSON.stringify(event(index)))],
  ];
  const kind = (index: number) => kinds[index % kinds.length] as (typeof kinds)[number];
  const sent = Array.from({ length: 900 }, (_, index) => placed(kind(index)[1](index), index));
  const produced = await produce(bootstrapServers, topic, sent);
  const lake = await temporaryLake();
  const { url } = registry;
  const batches = await runToEnd(registeredEvents(bootstrapServers, topic, lake, { url }));
  const tables = { output: lake.output, deadLetters: lake.deadLetters };
  expect(await differences(tables, produced, (index) => kind(index)[0])).toEqual([]);
  expect(totals(batches)).toMatchObject({ records: 900, skipped: 100 });
  const reasons = await queryTable<{ kind: string; records: number }>(
    lake.deadLetters,
    "SELECT _error_type AS kind, count(*) AS records FROM t GROUP BY ALL ORDER BY ALL",
  );
  expect(reasons.map(({ kind, records }) => [kind, Number(records)])).toEqual([
    ["AVRO_DECODE_ERROR", 100],
    ["WIRE_FORMAT_ERROR", 400],
  ]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

/** A schema that the contract can live with, then one that it cannot, seen only while reading. */
async function withMisfit(): Promise<{ topic: string; encode: Encode; misfit: Encode }> {
  const topic = await createTopic(bootstrapServers, 1);
  const misfit = await avroMisfit(registry, `${topic}-other`);
  return { topic, encode: await avroV1(registry, `${topic}-value`), misfit };
}

test.each([
  ["reject", "deadLetters"],
  ["evolve", "rejects"],
] as const)("%s: records of a schema that does not fit are in %s", async (policy, destination) => {
  const { topic, encode, misfit } = await withMisfit();
  const sent = [encode, misfit, encode].map((of, index) => ({ value: of(index) }));
  const produced = await produce(bootstrapServers, topic, sent);
  const lake = await temporaryLake();
  const { url } = registry;
  await runToEnd(registeredEvents(bootstrapServers, topic, lake, { url }, policy));
  const tables = { output: lake.output, [destination]: lake[destination] };
  const expected = (index: number) => (index === 1 ? destination : "output");
  expect(await differences(tables, produced, expected)).toEqual([]);
});

test("block: the query fails, names the differences, and writes nothing of the schema", async () => {
  const { topic, encode, misfit } = await withMisfit();
  const produced = await produce(bootstrapServers, topic, [{ value: encode(0) }]);
  const lake = await temporaryLake();
  const { url } = registry;
  await runToEnd(registeredEvents(bootstrapServers, topic, lake, { url }));
  await produce(bootstrapServers, topic, [{ value: misfit(1) }]);
  const failed = runToEnd(registeredEvents(bootstrapServers, topic, lake, { url }));
  await expect(failed).rejects.toMatchObject({
    code: "SCHEMA_INCOMPATIBLE",
    retryable: false,
    context: { actual: expect.stringContaining("event_id") },
  });
  expect(await differences({ output: lake.output }, produced, () => "output")).toEqual([]);
});
