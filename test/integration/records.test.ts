import { expect, inject, test } from "vitest";
import { event } from "../support/events.ts";
import { createTopic, type Outgoing, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake, totals } from "../support/query.ts";
import { countRows, queryTable, summarize } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const good = JSON.stringify(event(0));

async function lakeWith(sent: Outgoing[]) {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, sent);
  const lake = await temporaryLake();
  return { topic, lake, config: splitEvents(bootstrapServers, topic, lake) };
}

test("raw keeps payload, key, headers and coordinates as they came, without a contract", async () => {
  const sent = [
    { value: "any text", key: "k1", headers: { trace: "a1", many: ["x", "y"] }, timestamp: 1_000 },
    { value: '{"json":1}', key: null, timestamp: 2_000 },
    { value: Buffer.from([0xff, 0xfe]) },
  ];
  const { lake, config, topic } = await lakeWith(sent);
  const { contract: _, onViolation: __, rejects: ___, ...bronze } = config;
  const options = { ...config.input.options, includeHeaders: "true" };
  const input = { ...config.input, decode: "raw" as const, options };
  const output = { ...config.output, options: { partitionBy: "_ingestion_date" } };
  const batches = await runToEnd({ ...bronze, input, output });

  expect(totals(batches)).toMatchObject({ accepted: 2, deadLetters: 1 });
  const sql = `SELECT _raw_value, _kafka_topic, _kafka_partition, _kafka_offset,
    epoch_ms(_kafka_timestamp) AS ms, to_json(_kafka_headers) AS headers,
    _ingestion_date = strftime(_ingested_at, '%Y-%m-%d') AS dated FROM t ORDER BY _kafka_offset`;
  const rows = await queryTable<Record<string, unknown>>(lake.output, sql);
  const place = { _kafka_topic: topic, _kafka_partition: 0, dated: true };
  expect(rows).toMatchObject([
    { ...place, _raw_value: "any text", _kafka_offset: 0, ms: 1_000 },
    { ...place, _raw_value: '{"json":1}', _kafka_offset: 1, ms: 2_000 },
  ]);
  for (const name of ["trace", "many"]) expect(rows[0]?.headers).toContain(name);
  const { log, duckdb } = await summarize(lake.output);
  expect(log.partitionColumns).toEqual(["_ingestion_date"]);
  expect(Object.keys(duckdb.columns).sort()).toEqual([
    ...["_ingested_at", "_ingestion_date", "_kafka_headers", "_kafka_key", "_kafka_offset"],
    ...["_kafka_partition", "_kafka_timestamp", "_kafka_topic", "_raw_value"],
  ]);
});

test("headers reach side tables, several of one name in their order", async () => {
  const { lake, config } = await lakeWith([
    { value: "{", headers: { trace: "a1", many: ["x", "y"] } },
  ]);
  const options = { ...config.input.options, includeHeaders: "true" };
  await runToEnd({ ...config, input: { ...config.input, options } });
  const sql = "SELECT to_json(_kafka_headers) AS headers FROM t";
  const [row] = await queryTable<{ headers: string }>(lake.deadLetters, sql);
  const text = row?.headers ?? "";
  expect(text).toContain("trace");
  expect(text.split("many")).toHaveLength(3);
});

test.each([
  { tombstones: "skip", counts: { accepted: 1, skipped: 1, deadLetters: 0, rejected: 0 } },
  { tombstones: "reject", counts: { accepted: 1, skipped: 0, deadLetters: 1, rejected: 0 } },
  // A row of NULLs breaks the required fields of this contract.
  { tombstones: "keep", counts: { accepted: 1, skipped: 0, deadLetters: 0, rejected: 1 } },
] as const)(
  "a record without payload, with tombstones: $tombstones, is accounted for",
  async ({ tombstones, counts }) => {
    const { config } = await lakeWith([
      { value: null, key: "gone" },
      { value: good, key: "here" },
    ]);
    const batches = await runToEnd({ ...config, input: { ...config.input, tombstones } });
    expect(totals(batches)).toMatchObject({ records: 2, ...counts });
  },
);

test("an empty payload is no tombstone", async () => {
  const { config } = await lakeWith([{ value: "" }, { value: good }]);
  expect(totals(await runToEnd(config))).toMatchObject({ accepted: 1, skipped: 0, deadLetters: 1 });
});

test("unknown fields are left out, kept in `_extra`, or rejected, as asked", async () => {
  const sent = [{ value: good }, { value: JSON.stringify({ ...event(1), surprise: [1, "x"] }) }];
  const ignore = await lakeWith(sent);
  await runToEnd(ignore.config);
  expect(await countRows(ignore.lake.output)).toBe(2);

  const extra = await lakeWith(sent);
  const kept = { ...extra.config.input, unknownFields: "extra" as const };
  await runToEnd({ ...extra.config, input: kept });
  const rows = await queryTable(extra.lake.output, "SELECT _extra FROM t ORDER BY _kafka_offset");
  expect(rows).toEqual([{ _extra: null }, { _extra: '{"surprise":[1,"x"]}' }]);

  const reject = await lakeWith(sent);
  const refused = { ...reject.config.input, unknownFields: "reject" as const };
  const [batch] = await runToEnd({ ...reject.config, input: refused });
  expect(batch?.counts).toMatchObject({ accepted: 1, rejected: 1 });
  expect(batch?.metrics).toMatchObject({ "violations.unknown_field": 1 });
});

test("several topics of one pattern go to one table", async () => {
  const [first, second] = [await lakeWith([{ value: good }]), await lakeWith([{ value: good }])];
  const subscribePattern = `(${first.topic}|${second.topic})`;
  const options = { subscribe: undefined, subscribePattern };
  await runToEnd(splitEvents(bootstrapServers, "", first.lake, options));
  const topics = await queryTable(first.lake.output, "SELECT _kafka_topic AS t FROM t ORDER BY 1");
  expect(topics).toEqual([first.topic, second.topic].sort().map((t) => ({ t })));
});

test("assign reads a fixed share of a topic", async () => {
  const topic = await createTopic(bootstrapServers, 3);
  await produce(
    bootstrapServers,
    topic,
    [0, 1, 2].map((partition) => ({ value: good, partition })),
  );
  const lake = await temporaryLake();
  const options = { subscribe: undefined, assign: JSON.stringify({ [topic]: [0, 2] }) };
  await runToEnd(splitEvents(bootstrapServers, topic, lake, options));
  const partitions = await queryTable(
    lake.output,
    "SELECT _kafka_partition AS p FROM t ORDER BY 1",
  );
  expect(partitions).toEqual([{ p: 0 }, { p: 2 }]);
});
