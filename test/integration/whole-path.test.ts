import { expect, inject, test } from "vitest";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records, tally } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake, totals } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const COUNT = 10_000;

test("every record is in exactly the table that its damage asks for", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(COUNT));
  const lake = await temporaryLake();

  const batches = await runToEnd(splitEvents(bootstrapServers, topic, lake));

  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  const expected = tally(COUNT);
  expect(totals(batches)).toEqual({
    records: COUNT,
    accepted: expected.output,
    rejected: expected.rejects,
    deadLetters: expected.deadLetters,
    skipped: 0,
    rerouted: 0,
    copied: 0,
  });
});

test("a batch tells its positions, its violations by rule and its status", async () => {
  const topic = await createTopic(bootstrapServers, 2);
  await produce(bootstrapServers, topic, records(1_000, { partitions: 2 }));
  const lake = await temporaryLake();

  const [batch] = await runToEnd(splitEvents(bootstrapServers, topic, lake));

  expect(batch).toMatchObject({
    status: "warn",
    rowCount: 1_000 - tally(1_000).deadLetters,
    datasetId: expect.stringContaining("events"),
    rejects: { rowCount: tally(1_000).rejects },
  });
  expect(batch?.positions).toEqual([
    { topic, partition: 0, start: 0n, end: 500n },
    { topic, partition: 1, start: 0n, end: 500n },
  ]);
  expect(batch?.metrics).toMatchObject({ row_count: batch?.rowCount });
  const byRule = Object.entries(batch?.metrics ?? {}).filter(([key]) =>
    key.startsWith("violations."),
  );
  expect(byRule.reduce((sum, [, count]) => sum + count, 0)).toBe(batch?.violations);
});

test("accepted rows hold what was sent, under the types of the contract", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const [coordinate] = await produce(bootstrapServers, topic, records(1, { partitions: 1 }));
  const lake = await temporaryLake();
  await runToEnd(splitEvents(bootstrapServers, topic, lake));

  const sql = `SELECT user_id, epoch_ms(event_time) AS event_ms, event_type, amount, seq,
    _kafka_topic, _kafka_partition, _kafka_offset FROM t`;
  const sent = JSON.parse(String(records(1)[0]?.value));
  expect(await queryTable(lake.output, sql)).toEqual([
    {
      user_id: sent.user_id,
      event_ms: Date.parse(sent.event_time),
      event_type: sent.event_type,
      amount: sent.amount,
      seq: 0,
      _kafka_topic: topic,
      _kafka_partition: 0,
      _kafka_offset: coordinate?.offset,
    },
  ]);
});

test("a rejection keeps its decoded fields, its bytes and every violation", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const event = { user_id: -5, event_time: "2026-01-01T00:00:00Z", country: "DE", amount: -1 };
  const value = JSON.stringify(event);
  await produce(bootstrapServers, topic, [{ value, key: "k" }]);
  const lake = await temporaryLake();
  const [batch] = await runToEnd(splitEvents(bootstrapServers, topic, lake));

  const [row] = await queryTable(lake.rejects, "SELECT * FROM t");
  expect(row).toMatchObject({ user_id: -5, amount: -1, country: "DE", event_id: null });
  const text = JSON.stringify(row);
  expect(text).toContain(Buffer.from(value).toString("hex"));
  for (const rule of ["required_event_id", "minimum_user_id", "minimum_amount"]) {
    expect(text).toContain(rule);
  }
  expect(text).toContain(batch?.batchUuid);
});

test("a dead letter keeps its bytes and says why, without repeating the payload", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const payloads = ['{"event_id": "secret-7', "[1]", "", Buffer.from([0x22, 0xff, 0x22])];
  await produce(
    bootstrapServers,
    topic,
    payloads.map((value) => ({ value })),
  );
  const lake = await temporaryLake();
  await runToEnd(splitEvents(bootstrapServers, topic, lake));

  const rows = await queryTable<Record<string, string>>(
    lake.deadLetters,
    "SELECT * FROM t ORDER BY _kafka_offset",
  );
  expect(rows.map((row) => JSON.stringify(row))).toEqual(
    payloads.map((payload) => expect.stringContaining(`"${Buffer.from(payload).toString("hex")}"`)),
  );
  expect(rows.map((row) => row._error_type)).toEqual([
    ...["JSON_PARSE_ERROR", "JSON_PARSE_ERROR", "JSON_PARSE_ERROR", "ENCODING_ERROR"],
  ]);
  expect(rows.map((row) => row._error_message).join()).not.toContain("secret-7");
});

test("the tables are there before the first record is", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const lake = await temporaryLake();
  await runToEnd(splitEvents(bootstrapServers, topic, lake));
  for (const path of Object.values(lake)) {
    expect(await queryTable(path, "SELECT * FROM t")).toEqual([]);
  }
});
