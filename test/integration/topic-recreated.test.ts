import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { goodRecords } from "../support/events.ts";
import { createTopic, produce, recreateTopic } from "../support/kafka/topics.ts";
import { ledgersOf } from "../support/ledger.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";
import { refusalOf } from "../support/refusal.ts";

const bootstrapServers = inject("bootstrapServers");
const BEFORE = 100;
const sizes = [
  ["fewer", 40],
  ["more", 160],
] as const;

const send = (topic: string, from: number, count: number) =>
  produce(bootstrapServers, topic, goodRecords(count, { from, partitions: 1 }));

/** Events `[0, count)`, each once: the old topic's, then the new one's. */
async function expectEvents(table: string, count: number): Promise<void> {
  const rows = await queryTable<{ seq: number }>(table, "SELECT seq FROM t ORDER BY seq");
  expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, seq) => seq));
  expect(await headgate("verify", table)).toMatchObject({ status: 0 });
}

async function expectBothTopics(table: string, count: number): Promise<void> {
  await expectEvents(table, BEFORE + count);
  const ledgers = await ledgersOf(table);
  expect(ledgers).toMatchObject([
    { start: 0, end: BEFORE, records: BEFORE, gaps: 0, lost: 0 },
    { start: 0, end: count, records: count, gaps: 0, lost: 0 },
  ]);
  expect(ledgers[0]?.topicId).not.toBe(ledgers[1]?.topicId);
}

const recreated = (topic: string) => ({
  code: "KAFKA_TOPIC_RECREATED",
  message: expect.stringContaining(topic),
  context: expect.objectContaining({
    field: "input.options.failOnDataLoss",
    expected: expect.any(String),
    actual: expect.any(String),
    details: expect.stringContaining("from its first record"),
  }),
});

test.each(sizes)(
  "T10: a topic created again with %s records while the query was stopped is refused, or read anew",
  async (_, count) => {
    const topic = await createTopic(bootstrapServers, 1);
    const lake = await temporaryLake();
    const strict = splitEvents(bootstrapServers, topic, lake);
    await send(topic, 0, BEFORE);
    await runToEnd(strict);
    await recreateTopic(bootstrapServers, topic);
    await send(topic, BEFORE, count);

    const error = await refusalOf(strict);
    expect(error).toMatchObject({ ...recreated(topic), retryable: false });
    expect((error as Error).message).toContain((await ledgersOf(lake.output))[0]?.topicId);
    await expectEvents(lake.output, BEFORE);

    const lenient = splitEvents(bootstrapServers, topic, lake, { failOnDataLoss: "false" });
    await runToEnd(lenient);
    await runToEnd(lenient);
    await expectBothTopics(lake.output, count);
    // What was accepted once is no loss any more.
    await runToEnd(strict);
  },
);

test.each(
  sizes.flatMap(([size, count]) => [
    [size, "true", count] as const,
    [size, "false", count] as const,
  ]),
)(
  "T10: a topic created again with %s records while the query runs ends it: failOnDataLoss %s",
  async (_, failOnDataLoss, count) => {
    const topic = await createTopic(bootstrapServers, 1);
    const lake = await temporaryLake();
    const config = splitEvents(bootstrapServers, topic, lake, { failOnDataLoss });
    await send(topic, 0, BEFORE);
    let seen = 0;
    const query = await startQuery(continuous(config), {
      onStreamingBatch: (batch) => {
        seen += batch.counts.records;
      },
    });
    const ended = query.awaitTermination().catch((error: unknown) => error);
    await until("the first records", () => seen === BEFORE);
    await recreateTopic(bootstrapServers, topic);
    await send(topic, BEFORE, count);

    const isLenient = failOnDataLoss === "false";
    expect(await ended).toMatchObject({ ...recreated(topic), retryable: isLenient });
    await expectEvents(lake.output, BEFORE);
    if (isLenient) {
      await runToEnd(config);
      await expectBothTopics(lake.output, count);
    }
  },
);
